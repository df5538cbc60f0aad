"""The column that says when: it must rise from row to row."""

import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.api import guess_datetime_format

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.table import Table


class TimeOrder:
    """Looks at one piece after the other; the first value says what the column holds, numbers or dates."""

    def __init__(self, table: Table, column: str) -> None:
        self._table, self._column = table, column
        self._last: Any = None
        self._last_shown: object = None
        self._format: str | None = None
        self._numbers: bool | None = None

    def checked(self, first: int, values: Array, begins: Array) -> Array:
        """The times, each of which must come after the one before it; `first` is the number of the first row.

        Dates are in UTC.

        Shapes: begins (rows,): where a sequence begins, and with it its time.

        Raises: UsageError that names file, row and column.
        """
        times = self._times(values)
        unread = np.flatnonzero(~np.isfinite(times))
        if len(unread):
            raise self._no_time(first, int(unread[0]), values)
        early = np.concatenate(([self._last is not None and times[0] <= self._last], times[1:] <= times[:-1]))
        early = np.flatnonzero(early & ~begins)
        if len(early):
            place = early[0]
            previous = values[place - 1] if place else self._last_shown
            raise UsageError(
                f"{self._cell(first + place)} is {values[place]!s}, after {previous!s} in the row before: "
                "times must rise from row to row, sort the table"
            )
        self._last, self._last_shown = times[-1], values[-1]
        return times.astype(np.float64 if self._numbers else "datetime64[us]")

    def _no_time(self, first: int, place: int, values: Array) -> UsageError:
        cell, value = self._cell(first + place), values[place]
        like = " like the first" if place or self._last is not None else ""
        kind = "finite number" if self._numbers else f"date{like}: write dates as 2026-01-31 14:00"
        if value is None or value == "" or value != value:  # noqa: PLR0124 - NaN and NaT
            return UsageError(f"{cell} has no value: fill it in, or take its row out")
        return UsageError(f"{cell} holds {str(value)!r}, which is no {kind}")

    def _cell(self, row: int) -> str:
        return f"{self._table.path}, row {row}, column {self._column!r}"

    def _times(self, values: Array) -> Array:
        """As numbers or dates; what is no time is not finite."""
        if values.dtype.kind in "iufM":
            self._numbers = values.dtype.kind != "M"
            return values
        series = pd.Series(values, dtype="str")
        if self._numbers is None:
            self._numbers = bool(pd.notna(pd.to_numeric(series[:1], errors="coerce")).all())
            self._format = _date_format(str(values[0]))
        if self._numbers:
            return pd.to_numeric(series, errors="coerce").to_numpy()
        dates = pd.to_datetime(series, format=self._format, errors="coerce", utc=True)
        return dates.dt.tz_localize(None).to_numpy()


def _date_format(text: str) -> str:
    """ISO 8601 if it is that, else what pandas takes it for; it knows no hours before and after noon."""
    if pd.notna(pd.to_datetime(text, format="ISO8601", errors="coerce")):
        return "ISO8601"
    halves = re.fullmatch(r"(.+?)(\s*)[AP]M", text, re.IGNORECASE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the day comes first
        found = guess_datetime_format(halves[1] if halves else text) or "ISO8601"
    return f"{found.replace('%H', '%I')}{halves[2]}%p" if halves else found
