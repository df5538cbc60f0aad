"""Arrays by name in one file, read without trust: numbers and text, never objects."""

import io
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from adapters.interface import Array
from compare.storage.atomic import write_bytes


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write an NPZ file in one step.

    Raises: TypeError for an array that holds objects.
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"{name} holds objects ({array.dtype}): only numbers and text can be stored")
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array)
    write_bytes(path, stream.getvalue())


def read_arrays(path: Path) -> dict[str, Array]:
    """The arrays of an NPZ file; what claims more than the file has is not unpacked.

    Raises: ValueError, and whatever else damaged bytes make a reader of archives raise.
    """
    if not path.is_file():
        raise ValueError(f"{path} is no file that can be read")
    with ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > path.stat().st_size:
            raise ValueError(f"{path} claims more than it has")
        return {
            entry.filename.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(archive.read(entry)))
            for entry in entries
        }
