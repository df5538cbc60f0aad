"""Arrays in files: those of an NPZ that a job names, and those that are kept for workers."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike

from adapters.interface import Array
from compare.errors import UsageError, check_choice
from compare.jobs.files import ending


def read_npz(path: Path, names: Iterable[str]) -> dict[str, Array]:
    """Some of the arrays of an NPZ file, never objects.

    Raises: UsageError, with near matches for an array that is not there.
    """
    if ending(path) != ".npz":
        raise UsageError(f"{path}: arrays are read from an NPZ file: name one, or columns of a table")
    try:
        with np.load(path, allow_pickle=False) as archive:
            for name in names:
                check_choice(f"array of {path}", name, archive.files)
            found = {name: archive[name] for name in names}
    except UsageError:
        raise
    except Exception as error:  # whatever damaged bytes make a reader of archives raise
        reason = " ".join(str(error).split())[:200]
        what = "holds Python objects" if "allow_pickle" in reason else f"cannot be read ({reason})"
        raise UsageError(f"{path} {what}: save plain numbers or text with numpy.savez") from error
    return found


def write_array(path: Path, shape: Sequence[int], dtype: DTypeLike, parts: Iterable[Array]) -> None:
    """Write an NPY file from parts along its first axis; no more than a part is in memory."""
    header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": tuple(shape)}
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        for part in parts:
            np.ascontiguousarray(part, dtype).tofile(stream)


def mapped(path: Path) -> Array:
    """An array that is read from its file where it is looked at."""
    array: Array = np.asarray(np.load(path, mmap_mode="r"))
    return array
