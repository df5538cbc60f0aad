"""Arrays in the IDX format of MNIST's archives, gzipped or not."""

from pathlib import Path

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.files import opened

KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""The third byte of a file -> the type of its numbers."""

MOST_BYTES = 2**36


def existing(path: Path) -> Path:
    """The path, or that of the same archive under another of its usual names, where only that is there.

    They have dashes or dots, and are gzipped or not: train-images-idx3-ubyte.gz, train-images.idx3-ubyte.
    """
    plain = path.name.removesuffix(".gz")
    spellings = {plain.replace("-idx", ".idx"), plain.replace(".idx", "-idx")}
    others = sorted(path.with_name(name + ending) for name in spellings for ending in ("", ".gz"))
    return path if path.exists() else next((other for other in others if other.exists()), path)


def read_idx(path: Path, axes: int) -> Array:
    """The array in a file; it must have so many axes.

    Raises: UsageError that says what the file holds instead, or how much of it is missing.
    """
    with opened(path) as stream:
        header = stream.read(4)
        kind = KINDS.get(header[2]) if len(header) == 4 and header[:2] == b"\0\0" else None
        if kind is None:
            raise UsageError(
                f"{path} is no IDX file: it begins with {header.hex() or 'nothing'}: name another"
            )
        if header[3] != axes:
            expected = "images have three axes" if axes == 3 else "labels have one"
            raise UsageError(
                f"{path} has {header[3]} axes, and {expected}: have the two files been exchanged?"
            )
        sizes = stream.read(4 * axes)
        shape = tuple(int(size) for size in np.frombuffer(sizes, ">u4")) if len(sizes) == 4 * axes else ()
        dtype = np.dtype(kind)
        expected_bytes = int(np.prod(shape, dtype=object)) * dtype.itemsize if shape else -1
        if not 0 < expected_bytes <= MOST_BYTES:
            raise UsageError(f"{path} claims the shape {shape}: fetch it anew")
        content = stream.read(expected_bytes + 1)
    if len(content) != expected_bytes:
        found = "more" if len(content) > expected_bytes else f"{len(content):,}"
        raise UsageError(f"{path} claims {expected_bytes:,} bytes of {shape}, and has {found}: fetch it anew")
    array: Array = np.frombuffer(content, dtype).reshape(shape)
    return array
