"""Arrays in the IDX format of MNIST's archives, gzipped or not."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from adapters.interface import Array
from tasks.interface import DataUnavailable

GZIP = b"\x1f\x8b"
KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""The third byte of a file -> the type of its numbers."""

MOST_BYTES = 2**36


def existing(path: Path) -> Path:
    """The path, or that of the same archive under another of its usual names, where only that is there.

    They have dashes or dots, and are gzipped or not: train-images-idx3-ubyte.gz, train-images.idx3-ubyte.
    """
    plain = path.name.removesuffix(".gz")
    spellings = {plain, plain.replace("-idx", ".idx"), plain.replace(".idx", "-idx")}
    others = sorted(path.with_name(name + ending) for name in spellings for ending in ("", ".gz"))
    return path if path.exists() else next((other for other in others if other.exists()), path)


def read_idx(path: Path, axes: int) -> Array:
    """The array in a file; it must have so many axes.

    Raises: DataUnavailable that says what the file holds instead, or how much of it is missing.
    """
    with unpacked(path) as stream:
        header = stream.read(4)
        kind = KINDS.get(header[2]) if len(header) == 4 and header[:2] == b"\0\0" else None
        if kind is None:
            begin = header.hex() or "nothing"
            raise DataUnavailable(f"{path} is no IDX file: it begins with {begin}: name another")
        if header[3] != axes:
            expected = "images have three axes" if axes == 3 else "labels have one"
            raise DataUnavailable(
                f"{path} has {header[3]} axes, and {expected}: have the two files been exchanged?"
            )
        sizes = stream.read(4 * axes)
        shape = tuple(int(size) for size in np.frombuffer(sizes[: len(sizes) // 4 * 4], ">u4"))
        dtype = np.dtype(kind)
        expected_bytes = prod(shape) * dtype.itemsize
        if len(shape) < axes or not 0 < expected_bytes <= MOST_BYTES:
            raise DataUnavailable(f"{path} claims the shape {shape}: fetch it anew")
        content = stream.read(expected_bytes + 1)
    if len(content) != expected_bytes:
        found = "more" if len(content) > expected_bytes else f"{len(content):,}"
        raise DataUnavailable(
            f"{path} claims {expected_bytes:,} bytes of {shape}, and has {found}: fetch it anew"
        )
    array: Array = np.frombuffer(content, dtype).reshape(shape)
    return array


@contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """The content of a plain file, unpacked where it is gzipped.

    Raises: DataUnavailable where it cannot be read to its end.
    """
    if not path.is_file():
        how = "no plain file" if path.exists() else "missing"
        raise DataUnavailable(f"{path} is {how}: name a file in the format of MNIST's archives")
    try:
        with path.open("rb") as stream:
            zipped = stream.read(2) == GZIP
            stream.seek(0)
            if not zipped:
                yield stream
                return
            with gzip.open(stream) as content:
                yield content  # type: ignore[misc]
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataUnavailable(f"{path}: it cannot be read to its end ({reason}): fetch it anew") from error
