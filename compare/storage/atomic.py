"""Files that are whole or absent: written under a temporary name and moved into place."""

import contextlib
import os
import re
import tempfile
from pathlib import Path

from compare.text import storable


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync(path.parent)


def temporary_name_of(path: Path) -> str | None:
    """The name that a temporary file would have been moved to; None for any other file."""
    match = re.fullmatch(r"\.(.+)\.[a-z0-9_]{8}", path.name)
    return match and match[1]


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text`, in UTF-8, in one step; what is no valid Unicode is escaped."""
    write_bytes(path, storable(text).encode())


def _sync(folder: Path) -> None:
    """Write the names in a folder to the disk, so that they survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
