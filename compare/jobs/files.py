"""Files that a job names: plain files, and what their names say."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from stat import S_ISBLK, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISREG, S_ISSOCK
from typing import IO

from compare.errors import UsageError
from tasks.idx import GZIP, unpacked
from tasks.interface import DataUnavailable

ZIP, PARQUET = b"PK\x03\x04", b"PAR1"
_KINDS = (
    (S_ISDIR, "a folder"),
    (S_ISCHR, "a device"),
    (S_ISBLK, "a device"),
    (S_ISFIFO, "a pipe"),
    (S_ISSOCK, "a socket"),
)
_BEGINNINGS = {
    GZIP: "gzip",
    ZIP: "a ZIP archive, as NPZ is",
    PARQUET: "Parquet",
    b"\x89PNG": "a picture",
    b"%PDF": "PDF",
    b"\xd0\xcf\x11\xe0": "an Excel file",
    b"\xff\xfe": "text in UTF-16, not UTF-8",
    b"\xfe\xff": "text in UTF-16, not UTF-8",
}
EXPECTED: dict[str, bytes] = {".parquet": PARQUET, ".npz": ZIP, ".csv.gz": GZIP}
"""Ending of a name -> what such a file begins with."""

TEXT = ".csv"
BLOCK_BYTES = 2**20


def check_regular(path: Path) -> None:
    """Raise unless there is a plain file that can be read.

    Raises: UsageError that names the path and what is there instead.
    """
    try:
        mode = path.stat().st_mode
        if S_ISREG(mode):
            with path.open("rb"):
                return
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file: {_near(path)}") from error
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}: name another file") from error
    except ValueError as error:
        raise UsageError(f"{path}: {error}: name another file") from error
    what = next((words for matches, words in _KINDS if matches(mode)), "no file")
    raise UsageError(f"{path} is {what}: name a plain file")


def _near(path: Path) -> str:
    """Files of a like name where the path leads."""
    others = [other.name for other in sorted(path.parent.glob("*")) if other.exists()]
    near = get_close_matches(path.name, others)
    return f"did you mean {' or '.join(near)}?" if near else "name another file"


def ending(path: Path) -> str:
    """The ending by which a table's format is known.

    Raises: UsageError for another one, and for a file that does not begin as its name says.
    """
    check_regular(path)
    endings = (*EXPECTED, TEXT)
    found = next((each for each in endings if path.name.lower().endswith(each)), None)
    if found is None:
        raise UsageError(f"{path}: the name ends in none of {', '.join(endings)}: convert or rename the file")
    with path.open("rb") as stream:
        begin = stream.read(512)
    if not begin:
        raise UsageError(f"{path} is empty: name a file with data")
    expected = EXPECTED.get(found)
    if expected is None:
        wrong = next((what for start, what in _BEGINNINGS.items() if begin.startswith(start)), None)
        wrong = wrong or ("binary data" if b"\0" in begin else None)
    else:
        wrong = None if begin.startswith(expected) else _what(begin)
    if wrong:
        raise UsageError(f"{path} is not what its name says: it holds {wrong}: rename or convert it")
    return found


def _what(begin: bytes) -> str:
    known = next((what for start, what in _BEGINNINGS.items() if begin.startswith(start)), None)
    return known or ("other binary data" if b"\0" in begin else "text")


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The content of a file, unpacked where it is gzipped.

    Raises: UsageError where it cannot be read to its end.
    """
    check_regular(path)
    try:
        with unpacked(path) as content:
            yield content
    except DataUnavailable as error:
        raise UsageError(str(error)) from error


def checksum(path: Path) -> str:
    """The SHA-256 of a file's content.

    Raises: UsageError where it cannot be read.
    """
    check_regular(path)
    found = path.stat()
    try:
        return _checksum(path.absolute(), found.st_size, found.st_mtime_ns, found.st_ino)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}: name another file") from error


@lru_cache(maxsize=64)
def _checksum(path: Path, size: int, modified: int, node: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
