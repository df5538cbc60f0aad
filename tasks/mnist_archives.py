"""The four archives of MNIST, as tensorflow-datasets registers them: are they here, can they be fetched?"""

import hashlib
from dataclasses import dataclass
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from urllib.request import Request, urlopen

from tasks.interface import DataUnavailable

PROBE_LIMIT_SECONDS = 4.0


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

    Raises: DataUnavailable that names the first that is missing, truncated or corrupt.
    """
    if not folder.is_dir():
        raise DataUnavailable(f"--mnist-archives: {folder} is not a folder")
    for archive in registered_archives():
        path = folder / archive.name
        if not path.is_file():
            how = "no file" if path.exists() else "missing"
            raise DataUnavailable(f"--mnist-archives: {path} is {how}: expected {archive}")
        if (size := path.stat().st_size) != archive.bytes:
            raise DataUnavailable(f"--mnist-archives: {path} has {size:,} bytes: expected {archive}")
        try:
            checksum = sha256(path)
        except OSError as error:
            raise DataUnavailable(f"--mnist-archives: {path} cannot be read ({error.strerror})") from error
        if checksum != archive.sha256:
            raise DataUnavailable(
                f"--mnist-archives: {path} has SHA-256 {checksum[:12]}…: expected {archive}"
            )


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
