"""The column that says when: it must rise from row to row."""

import warnings
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.tables import Table


class TimeOrder:
    """Looks at one piece after the other; the first value says what the column holds, numbers or dates."""

    def __init__(self, table: Table, column: str) -> None:
        self._table, self._column = table, column
        self._last: float | None = None
        self._last_shown: object = None
        self._format: str | None = None
        self._numbers: bool | None = None

    def check(self, first: int, values: Array, begins: Array) -> None:
        """Raise unless each value comes after the one before it; `first` is the number of the first row.

        Shapes: begins (rows,): where a sequence begins, and with it its time.

        Raises: UsageError that names file, row and column.
        """
        if not len(values):
            return
        times = self._times(values)
        unread = np.flatnonzero(np.isnan(times))
        if len(unread):
            kind = "number" if self._numbers else "date like the first: write dates as 2026-01-31 14:00"
            raise UsageError(
                f"{self._cell(first + unread[0])} holds {values[unread[0]]!r}, which is no {kind}"
            )
        before = np.concatenate(([-np.inf if self._last is None else self._last], times[:-1]))
        early = np.flatnonzero((times <= before) & ~begins)
        if len(early):
            place = early[0]
            previous = values[place - 1] if place else self._last_shown
            raise UsageError(
                f"{self._cell(first + place)} is {values[place]!s}, after {previous!s} in the row before: "
                "times must rise from row to row, sort the table"
            )
        self._last, self._last_shown = float(times[-1]), values[-1]

    def _cell(self, row: int) -> str:
        return f"{self._table.path}, row {row}, column {self._column!r}"

    def _times(self, values: Array) -> Array:
        """As float64, NaN for what is no time; dates in microseconds."""
        if values.dtype.kind in "iuf":
            self._numbers = True
            return values.astype(np.float64)
        if values.dtype.kind == "M":
            return _microseconds(pd.Series(values))
        series = pd.Series(values, dtype="str")
        if self._numbers is None:
            self._numbers = bool(pd.notna(pd.to_numeric(series[:1], errors="coerce")).all())
            self._format = _date_format(str(values[0]))
        if self._numbers:
            return pd.to_numeric(series, errors="coerce").to_numpy(np.float64)
        return _microseconds(pd.to_datetime(series, format=self._format, errors="coerce", utc=True))


def _date_format(text: str) -> str:
    """ISO 8601 if it is that, else what pandas takes it for."""
    if pd.notna(pd.to_datetime(text, format="ISO8601", errors="coerce")):
        return "ISO8601"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the day comes first
        return guess_datetime_format(text) or "ISO8601"


def _microseconds(times: "pd.Series[Any]") -> Array:
    found: Array = times.to_numpy("datetime64[us]").astype(np.float64)
    return np.where(times.isna(), np.nan, found)
