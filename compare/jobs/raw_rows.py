"""The rows of a table as plain numbers on disk: read once, then gone through as often as need be."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.gaps import Gaps
from compare.jobs.rows import used_rows
from compare.jobs.schema import Data, Forecast
from compare.jobs.table import Table
from compare.text import counted

BLOCK = 65_536


class Raw(NamedTuple):
    """Rows as they are in the file, kept in another one: float64, one after the other.

    Shapes: times (rows,): numbers or dates, where a column says when.
    """

    path: Path
    source: Path
    rows: int
    gaps: Gaps
    times: Array | None

    def blocks(self, names: Sequence[str], first: int = 0, stop: int | None = None) -> Iterator[Array]:
        """The rows from `first` to `stop`, some at a time."""
        width, last = len(names), self.rows if stop is None else stop
        with self.path.open("rb") as stream:
            stream.seek(first * width * 8)
            while first < last:
                count = min(BLOCK, last - first)
                yield np.fromfile(stream, np.float64, count * width).reshape(count, width)
                first += count


class Scale(NamedTuple):
    """What is taken off each column, and what it is divided by."""

    mean: Array
    deviation: Array


def read_raw(path: Path, table: Table, names: Sequence[str], data: Data) -> Raw:
    """Read the rows of a table into a file of numbers alone.

    Raises: UsageError that names file, row and column.
    """
    gaps, rows = Gaps(), 0
    times: list[Array] = []
    with path.open("wb") as stream:
        for part in used_rows(table, names, (), data, gaps):
            np.ascontiguousarray(part.numbers).tofile(stream)
            rows += len(part.numbers)
            if part.times is not None:
                times.append(part.times)
    return Raw(path, table.path, rows, gaps, np.concatenate(times) if times else None)


def expect_rows(raw: Raw, needed: int, forecast: Forecast, what: str) -> None:
    """Raise unless there are so many rows for what they are needed for.

    Raises: UsageError.
    """
    if raw.rows < needed:
        raise UsageError(
            f"{raw.source} has {counted(raw.rows, 'row')}: {what} takes {needed:,}, with window = "
            f"{forecast.window} and horizon = {forecast.horizon}: take a shorter window, or more data"
        )


def scale_of(raw: Raw, names: Sequence[str], rows: int, data: Data) -> Scale:
    """Mean and deviation of the rows that are trained on; 0 and 1 where nothing is to be standardised.

    Raises: UsageError for a column that is constant there.
    """
    total, least, most = np.zeros(len(names)), np.full(len(names), np.inf), np.full(len(names), -np.inf)
    for block in raw.blocks(names, 0, rows):
        total += block.sum(axis=0)
        least, most = np.minimum(least, block.min(axis=0)), np.maximum(most, block.max(axis=0))
    constant = np.flatnonzero(least == most)
    if len(constant):
        place = constant[0]
        raise UsageError(
            f"{raw.source}, column {names[place]!r} is {least[place]:g} in all {rows:,} rows that are "
            "trained on: leave it out of columns"
        )
    mean, squares = total / rows, np.zeros(len(names))
    if data.standardise is False:
        return Scale(np.zeros(len(names)), np.ones(len(names)))
    for block in raw.blocks(names, 0, rows):
        squares += ((block - mean) ** 2).sum(axis=0)
    return Scale(mean, np.sqrt(squares / rows))
