"""The four archives of MNIST, as tensorflow-datasets registers them: are they here, can they be fetched?"""

import hashlib
from dataclasses import dataclass
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from urllib.request import Request, urlopen

from tasks.idx import existing, unpacked
from tasks.interface import DataUnavailable

PROBE_LIMIT_SECONDS = 4.0

CONTENTS = {
    "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
"""Archive -> the SHA-256 of what is in it, by which it is known however it was packed."""

LONGEST_CONTENT = 47_040_016


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A file that tensorflow-datasets downloads, and what it must be."""

    url: str
    bytes: int
    sha256: str
    name: str

    def __str__(self) -> str:
        return f"{self.bytes:,} bytes with SHA-256 {self.sha256[:12]}…"


def registered_archives() -> tuple[Archive, ...]:
    """The archives in tensorflow-datasets' own list, read without importing it.

    Raises: DataUnavailable where tensorflow-datasets is not installed.
    """
    spec = find_spec("tensorflow_datasets")
    if spec is None or spec.origin is None:
        raise DataUnavailable("tensorflow-datasets is not installed: install it or choose --data digits")
    lines = (
        (Path(spec.origin).parent / "url_checksums" / "mnist.txt").read_text(encoding="utf-8").splitlines()
    )
    fields = (line.split("\t") for line in lines)
    return tuple(
        Archive(url=url, bytes=int(size), sha256=checksum, name=name) for url, size, checksum, name in fields
    )


def check_archives(folder: Path) -> None:
    """Raise if one of the four archives is missing from a folder, or is not whole.

    They may have been unpacked, packed anew, or named with a dot: what counts is what is in them.

    Raises: DataUnavailable that names the first that is missing, truncated or corrupt.
    """
    if not folder.is_dir():
        raise DataUnavailable(f"--mnist-archives: {folder} is not a folder")
    for archive in registered_archives():
        path = existing(folder / archive.name)
        if not path.is_file():
            how = "no file" if path.exists() else "missing"
            raise DataUnavailable(f"--mnist-archives: {path} is {how}: expected {archive}")
        try:
            checksum = sha256(path)
        except OSError as error:
            raise DataUnavailable(f"--mnist-archives: {path} cannot be read ({error.strerror})") from error
        if checksum == archive.sha256 or has_content(path, archive.name):
            continue
        size = path.stat().st_size
        found = f"{size:,} bytes" if size != archive.bytes else f"SHA-256 {checksum[:12]}…"
        raise DataUnavailable(f"--mnist-archives: {path} has {found}: expected {archive}")


def as_they_come(folder: Path) -> bool:
    """Whether the four archives are those that tensorflow-datasets registers, byte for byte."""
    return all(
        (path := folder / archive.name).is_file() and sha256(path) == archive.sha256
        for archive in registered_archives()
    )


def has_content(path: Path, name: str) -> bool:
    """Whether a file, unpacked if need be, holds what is in the archive of this name."""
    digest = hashlib.sha256()
    try:
        with unpacked(path) as stream:
            digest.update(stream.read(LONGEST_CONTENT + 1))
    except DataUnavailable:
        return False
    return digest.hexdigest() == CONTENTS.get(name)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reachable(url: str) -> bool:
    """Whether a server answers for a URL, found out in seconds even where name resolution hangs."""
    answers: list[int] = []

    def ask() -> None:
        try:
            with urlopen(Request(url, method="HEAD"), timeout=PROBE_LIMIT_SECONDS) as response:
                answers.append(response.status)
        except (OSError, HTTPException):
            pass

    probe = Thread(target=ask, daemon=True)
    probe.start()
    probe.join(PROBE_LIMIT_SECONDS)
    return bool(answers)
