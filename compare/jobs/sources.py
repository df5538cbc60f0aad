"""The files that a job's data lie in."""

from pathlib import Path

from compare.errors import UsageError
from compare.jobs.schema import Data, Idx
from tasks.idx import existing


def sources_of(path: Path, data: Data) -> dict[str, Path]:
    """The files that a job's data lie in, by what they are.

    Raises: UsageError where none is named, or one with the wrong ones.
    """
    folder = path.parent
    if data.idx is not None:
        if data.file is not None:
            raise UsageError(f"{path}: data.file and data.idx are both there: give one of them")
        if isinstance(data.held_out, str):
            raise UsageError(f"{path}: data.held_out of images is a share, or {{ inputs = …, targets = … }}")
        return {**_idx(folder, "", data.idx), **_idx(folder, "held_out_", data.held_out)}
    if data.file is None:
        raise UsageError(f'{path}: [data] names no file: say file = "load.csv", or idx = {{ … }} for images')
    if isinstance(data.held_out, Idx):
        raise UsageError(f"{path}: data.held_out is a share, or the name of a file like data.file")
    held_out = {"held_out": folder / data.held_out} if isinstance(data.held_out, str) else {}
    if data.held_out == data.file:
        raise UsageError(f"{path}: data.held_out is data.file itself: name another file, or a share")
    return {"file": folder / data.file, **held_out}


def _idx(folder: Path, prefix: str, idx: object) -> dict[str, Path]:
    if not isinstance(idx, Idx):
        return {}
    return {
        f"{prefix}inputs": existing(folder / idx.inputs),
        f"{prefix}targets": existing(folder / idx.targets),
    }
