"""Sequences with labels from the files of a job."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.arrays import read_npz
from compare.jobs.files import ending
from compare.jobs.gaps import Gaps
from compare.jobs.labelled import Labelled
from compare.jobs.schema import Classify, Data
from compare.jobs.step_tables import from_table
from tasks.idx import read_idx
from tasks.interface import DataUnavailable

INPUTS, TARGETS = "x", "y"
"""The arrays of an NPZ file that are taken where none are named."""


def read_labelled(
    kind: Literal["classify", "images"], sources: Mapping[str, Path], data: Data
) -> tuple[Labelled, Labelled | None]:
    """The sequences in the files of a job, and those of the files that are held out, if there are such.

    Raises: UsageError.
    """
    if kind == "images":
        held_out = (
            from_idx(sources["held_out_inputs"], sources["held_out_targets"])
            if ("held_out_inputs" in sources)
            else None
        )
        return from_idx(sources["inputs"], sources["targets"]), held_out
    return _read(sources["file"], data), _read(sources["held_out"], data) if "held_out" in sources else None


def _read(path: Path, data: Data) -> Labelled:
    if ending(path) == ".npz":
        return from_npz(path, data.classify or Classify())
    return from_table(path, data)


def from_npz(path: Path, classify: Classify) -> Labelled:
    """The arrays that a job names.

    Raises: UsageError that names the file, the array and the place.
    """
    if not isinstance(classify.inputs, str | None) or classify.sequence or classify.label:
        raise UsageError(
            f'{path}: data.classify of an NPZ file names arrays: inputs = "x", targets = "y", lengths = "n"'
        )
    names = (classify.inputs or INPUTS, classify.targets or TARGETS)
    arrays = read_npz(path, [*names, *([classify.lengths] if classify.lengths else [])])
    inputs, labels = (arrays[name] for name in names)
    lengths = arrays[classify.lengths] if classify.lengths else None
    if inputs.dtype.kind not in "iufb" or inputs.ndim not in (2, 3) or 0 in inputs.shape:
        raise UsageError(
            f"{path}: {names[0]} is {inputs.dtype} {inputs.shape}: inputs are numbers (N, T, D) or (N, T)"
        )
    inputs = inputs if inputs.ndim == 3 else inputs[..., np.newaxis]
    if labels.shape not in (inputs.shape[:1], inputs.shape[:2]):
        raise UsageError(
            f"{path}: {names[1]} has shape {labels.shape}: targets of {inputs.shape[0]:,} sequences of "
            f"{inputs.shape[1]} steps are {inputs.shape[:1]} or {inputs.shape[:2]}"
        )
    if labels.dtype.kind not in "iubUS":
        raise UsageError(f"{path}: {names[1]} is {labels.dtype}: classes are whole numbers or text")
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels, "utf-8", "backslashreplace")
    if lengths is not None:
        _check_lengths(path, str(classify.lengths), lengths, inputs.shape)
    outside = np.zeros(inputs.shape[:2], bool)
    if lengths is not None:
        outside = np.arange(inputs.shape[1]) >= lengths[:, np.newaxis]
    with np.errstate(over="ignore"):
        wrong = np.argwhere(~np.isfinite(inputs.astype(np.float32)) & ~outside[..., np.newaxis])
    if len(wrong):
        place = tuple(int(each) for each in wrong[0])
        raise UsageError(
            f"{path}: {names[0]}{list(place)} is {inputs[place]}: numbers must be finite in float32"
        )
    return Labelled(path.name, path, names[1], inputs, labels, lengths, _rows(labels), Gaps())


def from_idx(image_path: Path, label_path: Path) -> Labelled:
    """Images, their pixels from 0 to 1 where they are bytes, and their labels.

    Raises: UsageError.
    """
    try:
        images, labels = read_idx(image_path, 3), read_idx(label_path, 1)
    except DataUnavailable as error:
        raise UsageError(str(error)) from error
    if len(images) != len(labels):
        raise UsageError(
            f"{image_path} has {len(images):,} images, {label_path} {len(labels):,} labels: they must agree"
        )
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise UsageError(f"{image_path} holds numbers that are not finite: fetch it anew")
    if labels.dtype.kind == "f":
        raise UsageError(f"{label_path} holds {labels.dtype}: labels are whole numbers")
    return Labelled(image_path.name, label_path, "targets", images, labels, None, _rows(labels), Gaps())


def _rows(labels: Array) -> Array:
    """The row of each label, counted from 1; of those of steps, the row of their sequence.

    Shapes: labels (N,) or (N, T) -> the same.
    """
    first = np.arange(1, len(labels) + 1)
    return np.broadcast_to(first if labels.ndim == 1 else first[:, np.newaxis], labels.shape)


def _check_lengths(path: Path, name: str, lengths: Array, shape: tuple[int, ...]) -> None:
    if lengths.dtype.kind not in "iu" or lengths.shape != shape[:1]:
        raise UsageError(
            f"{path}: {name} is {lengths.dtype} {lengths.shape}: lengths are whole numbers {shape[:1]}"
        )
    wrong = np.flatnonzero((lengths < 1) | (lengths > shape[1]))
    if len(wrong):
        raise UsageError(f"{path}: {name}[{wrong[0]}] is {lengths[wrong[0]]}: lengths are 1 to {shape[1]}")
