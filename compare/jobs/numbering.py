"""Labels as they are in the file, and as places among the classes."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.labelled import Labelled
from compare.jobs.sequences import Numbered

MOST_CLASSES = 1000
_WHOLE = re.compile(r"-?\d+")


def valid_labels(found: Labelled) -> tuple[Array, Array]:
    """Labels and the numbers of their rows, one after the other, without what lies beyond the lengths."""
    if found.labels.ndim == 1 or found.lengths is None:
        return found.labels.ravel(), found.rows.ravel()
    valid = np.arange(found.labels.shape[1]) < found.lengths[:, np.newaxis]
    return found.labels[valid], found.rows[valid]


def classes_of(found: Labelled) -> Array:
    """The labels that there are, whole numbers by value, others as text.

    Raises: UsageError for one class, or more than make sense.
    """
    labels, _ = valid_labels(found)
    text = labels.dtype.kind in "OU"
    classes = np.sort(pd.unique(labels.astype(str).astype(object)).astype(str) if text else pd.unique(labels))
    if len(classes) < 2:
        raise UsageError(
            f"{found.path}, column {found.column!r} is {classes[0]} everywhere: a class takes two at least"
        )
    if len(classes) > MOST_CLASSES:
        raise UsageError(
            f"{found.path}, column {found.column!r} has {len(classes):,} classes: {MOST_CLASSES:,} at most; "
            "is it a number to forecast, or the sequence's own name?"
        )
    if text and all(_WHOLE.fullmatch(each) for each in classes):
        classes = np.array(sorted(classes, key=int))
    return classes


def numbered(found: Labelled, classes: Array, trained_on: Path | None = None) -> Numbered:
    """The sequences with the places of their labels among the classes.

    Raises: UsageError for a label that training has not.
    """
    labels = found.labels
    if "U" in (classes.dtype.kind, labels.dtype.kind) or labels.dtype.kind == "O":
        classes, labels = classes.astype(str), labels.astype(str)
    order = np.argsort(classes)
    places = np.searchsorted(classes, labels, sorter=order).clip(0, len(classes) - 1)
    targets = order[places]
    valid, rows = valid_labels(found._replace(labels=classes[targets] != labels))
    unknown = np.flatnonzero(valid)
    if len(unknown):
        shown = valid_labels(found)[0][unknown[0]]
        raise UsageError(
            f"{found.path}, row {rows[unknown[0]]}, column {found.column!r} is {shown!s}: a class that "
            f"{trained_on} has not: add it there, or leave the row out"
        )
    return Numbered(found.inputs, targets.astype(np.int64), found.lengths)
