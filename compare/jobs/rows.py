"""The rows of a table that are used: finite numbers, gaps filled or left out as the job says."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.gaps import Gaps
from compare.jobs.schema import Data
from compare.jobs.table import Piece, Table
from compare.jobs.time_order import TimeOrder


class Rows(NamedTuple):
    """Rows that are used: their numbers in the file, and their values.

    Shapes: places (rows,); numbers (rows, columns); others (rows,) each; times (rows,), where a column is.
    """

    places: Array
    numbers: Array
    others: dict[str, Array]
    times: Array | None = None


def used_rows(
    table: Table,
    columns: Sequence[str],
    others: Sequence[str],
    data: Data,
    gaps: Gaps,
    within: str | None = None,
) -> Iterator[Rows]:
    """The rows in pieces; gaps are counted as they are met, the order of time is checked.

    A gap is filled from the row before, where that is of the same sequence by the column `within`.

    Raises: UsageError that names file, row and column, and what to do.
    """
    wanted = [*others, *([data.time] if data.time is not None else [])]
    for name in (*columns, *wanted):
        table.check_column(name)
    order = TimeOrder(table, data.time) if data.time is not None else None
    last: Rows | None = None
    group: object = None
    for piece in table.read(columns, wanted):
        if not len(piece.numbers):
            continue
        begins = np.zeros(len(piece.numbers), bool)
        if within is not None:
            groups = piece.others[within]
            begins[1:] = groups[1:] != groups[:-1]
            begins[0] = groups[0] != group
            group = groups[-1]
        times = None
        if order and data.time is not None:
            times = order.checked(piece.first, piece.others[data.time], begins)
        rows = _without_gaps(table, columns, piece, times, data, gaps, last, begins)
        if len(rows.numbers):
            last = rows
            yield rows


def _without_gaps(
    table: Table,
    columns: Sequence[str],
    piece: Piece,
    times: Array | None,
    data: Data,
    gaps: Gaps,
    last: Rows | None,
    begins: Array,
) -> Rows:
    places = np.arange(piece.first, piece.first + len(piece.numbers))
    with np.errstate(over="ignore"):
        infinite = np.argwhere(np.isinf(piece.numbers.astype(np.float32)))
    if len(infinite):
        row, column = infinite[0]
        value = piece.numbers[row, column]
        raise UsageError(
            f"{table.path}, row {places[row]}, column {columns[column]!r} is {value}: "
            "correct it, numbers must be finite in float32, in which they are kept"
        )
    missing = np.isnan(piece.numbers)
    if not missing.any():
        return Rows(places, piece.numbers, piece.others, times)
    if data.fill == "drop":
        whole = ~missing.any(axis=1)
        gaps.dropped += int(np.count_nonzero(~whole))
        kept = {name: values[whole] for name, values in piece.others.items()}
        return Rows(places[whole], piece.numbers[whole], kept, None if times is None else times[whole])
    row, column = np.argwhere(missing)[0]
    cell = f"{table.path}, row {places[row]}, column {columns[column]!r}"
    if data.fill is None:
        raise UsageError(f'{cell} has no value: say fill = "previous" or fill = "drop" under [data]')
    numbers = _filled(piece.numbers, last, begins)
    if np.isnan(numbers).any():
        row, column = np.argwhere(np.isnan(numbers))[0]
        cell = f"{table.path}, row {places[row]}, column {columns[column]!r}"
        raise UsageError(f'{cell} has no value, and no row before it: say fill = "drop", or correct it')
    for name, count in zip(columns, np.count_nonzero(missing, axis=0), strict=True):
        if count:
            gaps.filled[name] = gaps.filled.get(name, 0) + int(count)
    return Rows(places, numbers, piece.others, times)


def _filled(numbers: Array, last: Rows | None, begins: Array) -> Array:
    """Each gap with the latest value before it, the first ones with that of the piece before; else NaN.

    Shapes: begins (rows,): where what came before is no longer looked at.
    """
    before = np.full((1, numbers.shape[1]), np.nan) if last is None else last.numbers[-1:]
    stacked = np.vstack([before, numbers])
    places = np.arange(len(stacked))[:, np.newaxis]
    latest = np.maximum.accumulate(np.where(np.isnan(stacked), 0, places), axis=0)
    begun = np.concatenate([[False], begins])[:, np.newaxis]
    first = np.maximum.accumulate(np.where(begun, places, 0), axis=0)
    filled = np.take_along_axis(stacked, latest, axis=0)
    return np.where(latest >= first, filled, np.nan)[1:]
