"""Sequences with their labels, as they come from NPZ files, tables and IDX files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.arrays import read_npz
from compare.jobs.files import ending
from compare.jobs.idx import read_idx
from compare.jobs.rows import Gaps, used_rows
from compare.jobs.schema import Classify, Data
from compare.jobs.tables import Table, open_table

INPUTS, TARGETS = "x", "y"
"""The arrays of an NPZ file that are taken where none are named."""

SEQUENCE, LABEL = "sequence", "label"
"""The columns of a table that are taken where none are named."""


class Labelled(NamedTuple):
    """Sequences, padded on the right, with a label each or one for each step, and where each comes from.

    Shapes: inputs (N, T, D); labels (N,) or (N, T) of any kind; lengths (N,); rows (N,) or (N, T): the
    numbers of the rows of a table, or the places in an array, by which an error names a label.
    """

    path: Path
    column: str
    inputs: Array
    labels: Array
    lengths: Array | None
    rows: Array
    gaps: Gaps


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
    if lengths is not None:
        _check_lengths(path, str(classify.lengths), lengths, inputs.shape)
    outside = np.zeros(inputs.shape[:2], bool)
    if lengths is not None:
        outside = np.arange(inputs.shape[1]) >= lengths[:, np.newaxis]
    wrong = np.argwhere(~np.isfinite(inputs) & ~outside[..., np.newaxis])
    if len(wrong):
        place = tuple(int(each) for each in wrong[0])
        raise UsageError(f"{path}: {names[0]}{list(place)} is {inputs[place]}: numbers must be finite")
    places = np.arange(labels.size).reshape(labels.shape)
    return Labelled(path, names[1], inputs, labels, lengths, places, Gaps())


def from_idx(image_path: Path, label_path: Path) -> Labelled:
    """Images, their pixels from 0 to 1 where they are bytes, and their labels.

    Raises: UsageError.
    """
    images, labels = read_idx(image_path, 3), read_idx(label_path, 1)
    if len(images) != len(labels):
        raise UsageError(
            f"{image_path} has {len(images):,} images, {label_path} {len(labels):,} labels: they must agree"
        )
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise UsageError(f"{image_path} holds numbers that are not finite: fetch it anew")
    if labels.dtype.kind == "f":
        raise UsageError(f"{label_path} holds {labels.dtype}: labels are whole numbers")
    return Labelled(label_path, "targets", images, labels, None, np.arange(len(labels)), Gaps())


def from_table(path: Path, data: Data) -> Labelled:
    """The sequences of a table with one row a step; one label each, where it is the same for all its steps.

    Raises: UsageError that names the file, row and column.
    """
    classify = data.classify or Classify()
    if classify.lengths or (classify.targets and classify.label):
        raise UsageError(
            f"{path}: data.classify of a table names columns: inputs, sequence and label; it has no lengths"
        )
    table = open_table(path, data.separator)
    sequence, label = classify.sequence or SEQUENCE, classify.label or classify.targets or LABEL
    inputs = _inputs(table, classify, (sequence, label, data.time))
    gaps = Gaps()
    parts = [*used_rows(table, inputs, (sequence, label), data, gaps, within=sequence)]
    if not parts:
        raise UsageError(f"{path} has no rows: name a file with data")
    places, numbers = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    keys, labels = (np.concatenate([part.others[name] for part in parts]) for name in (sequence, label))
    for name, values in ((sequence, keys), (label, labels)):
        missing = np.flatnonzero([value is None or value != value for value in values])  # noqa: PLR0124 - NaN
        if len(missing):
            raise UsageError(f"{path}, row {places[missing[0]]}, column {name!r} has no value: fill it in")
    if labels.dtype.kind == "f":
        raise UsageError(f"{path}, column {label!r} holds {labels.dtype}: classes are whole numbers or text")
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    _check_together(path, sequence, keys[starts], places[starts])
    lengths = np.diff(np.append(starts, len(keys)))
    filled = _padded(numbers, starts, lengths)
    step_labels, step_rows = _padded(labels, starts, lengths), _padded(places, starts, lengths)
    alike = all(
        (labels[start : start + count] == labels[start]).all()
        for start, count in zip(starts, lengths, strict=True)
    )
    return Labelled(
        path,
        label,
        filled,
        labels[starts] if alike else step_labels,
        None if (lengths == lengths[0]).all() else lengths,
        places[starts] if alike else step_rows,
        gaps,
    )


def _inputs(table: Table, classify: Classify, others: Sequence[str | None]) -> tuple[str, ...]:
    named = (classify.inputs,) if isinstance(classify.inputs, str) else classify.inputs
    for name in others:
        if name is not None:
            table.check_column(name)
    chosen = named or tuple(name for name in table.names if name not in others)
    if not chosen:
        raise UsageError(f"{table.path} has no columns of inputs: name them in data.classify.inputs")
    for name in chosen:
        table.check_column(name)
    return chosen


def _check_lengths(path: Path, name: str, lengths: Array, shape: tuple[int, ...]) -> None:
    if lengths.dtype.kind not in "iu" or lengths.shape != shape[:1]:
        raise UsageError(
            f"{path}: {name} is {lengths.dtype} {lengths.shape}: lengths are whole numbers {shape[:1]}"
        )
    wrong = np.flatnonzero((lengths < 1) | (lengths > shape[1]))
    if len(wrong):
        raise UsageError(f"{path}: {name}[{wrong[0]}] is {lengths[wrong[0]]}: lengths are 1 to {shape[1]}")


def _check_together(path: Path, column: str, keys: Array, rows: Array) -> None:
    seen: set[object] = set()
    for key, row in zip(keys, rows, strict=True):
        if key in seen:
            raise UsageError(
                f"{path}, row {row}, column {column!r}: {key!r} began in an earlier row, and others came "
                "between: sort the table"
            )
        seen.add(key)


def _padded(values: Array, starts: Array, lengths: Array) -> Array:
    """Each sequence's steps in a row of their own; what lies beyond repeats the last.

    Shapes: values (rows, …) -> (N, T, …).
    """
    steps = np.minimum(np.arange(lengths.max()), lengths[:, np.newaxis] - 1)
    padded: Array = values[starts[:, np.newaxis] + steps]
    return padded
