"""Sequences with their labels, as they come from NPZ files, tables and IDX files."""

from pathlib import Path
from typing import NamedTuple

from adapters.interface import Array
from compare.jobs.gaps import Gaps


class Labelled(NamedTuple):
    """Sequences, padded on the right, with a label each or one for each step, and where each comes from.

    `name` is what the data are called, `path` and `column` are where the labels lie.

    Shapes: inputs (N, T, D); labels (N,) or (N, T) of any kind; lengths (N,); rows (N,) or (N, T): the
    numbers of the rows of a table or of an array, from 1, by which an error names a label.
    """

    name: str
    path: Path
    column: str
    inputs: Array
    labels: Array
    lengths: Array | None
    rows: Array
    gaps: Gaps
