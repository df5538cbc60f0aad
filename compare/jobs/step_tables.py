"""Sequences in a table that has one row a step."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.gaps import Gaps
from compare.jobs.labelled import Labelled
from compare.jobs.rows import used_rows
from compare.jobs.schema import Classify, Data
from compare.jobs.table import Table
from compare.jobs.tables import open_table

SEQUENCE, LABEL = "sequence", "label"
"""The columns of a table that are taken where none are named."""


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
        _check_names(path, name, values, places)
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
        path.name,
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
    chosen = named or tuple(name for name in table.named if name not in others)
    if not chosen:
        raise UsageError(f"{table.path} has no columns of inputs: name them in data.classify.inputs")
    for name in chosen:
        table.check_column(name)
        if name in others or chosen.count(name) > 1:
            what = "is a label, sequence or time" if name in others else "stands there twice"
            raise UsageError(f"{table.path}: data.classify.inputs has {name!r}, which {what}: leave it out")
    return chosen


def _check_names(path: Path, column: str, values: Array, rows: Array) -> None:
    """Raise unless each row has a number or text by which a sequence or a class is known.

    Raises: UsageError.
    """
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind not in ("string", "integer", "boolean", "floating", "empty"):
        raise UsageError(f"{path}, column {column!r} holds {kind}: name one of whole numbers or text")
    missing = np.flatnonzero(pd.isna(values) | (values == ""))
    if len(missing):
        raise UsageError(f"{path}, row {rows[missing[0]]}, column {column!r} has no value: fill it in")


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
