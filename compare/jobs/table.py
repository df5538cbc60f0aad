"""A table: the names of its columns, and how some of them are read, in pieces small beside the whole."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from adapters.interface import Array
from compare.errors import check_choice

ROWS = 65_536
"""Rows of a piece, where the format does not say it."""

_INDEX = re.compile(r"__index_level_\d+__")


class Piece(NamedTuple):
    """Some rows: the number of the first, those columns that hold numbers, and others as they are.

    Shapes: numbers (rows, columns) float64, NaN where there is none; others (rows,) each.
    """

    first: int
    numbers: Array
    others: dict[str, Array]


Read = Callable[[Sequence[str], Sequence[str]], Iterator[Piece]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The names of a table's columns, and `read`, which takes those of numbers and those of anything."""

    path: Path
    names: tuple[str, ...]
    read: Read

    @property
    def named(self) -> tuple[str, ...]:
        """Those names that are not of an index which pandas wrote as one column more."""
        return tuple(name for name in self.names if name and not _INDEX.fullmatch(name))

    def check_column(self, name: str) -> None:
        """Raise unless there is such a column.

        Raises: UsageError with the near matches.
        """
        check_choice(f"column of {self.path}", name, self.names)


def pieces(
    batches: Iterable[Any], first: int, numbers: Sequence[str], others: Sequence[str]
) -> Iterator[Piece]:
    """Batches of Arrow's as pieces; `first` is the number of their first row."""
    for batch in batches:
        values = np.empty((batch.num_rows, len(numbers)))
        for place, name in enumerate(numbers):
            column = batch.column(name).cast(pa.float64(), safe=False)
            values[:, place] = column.to_numpy(zero_copy_only=False)
        kept = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in others}
        yield Piece(first, values, kept)
        first += batch.num_rows
