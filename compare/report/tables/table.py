"""Tables of a report: raw numbers for machines, formatted ones for readers."""

import math
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from compare.analysis.statistics import Difference, Ratio, Sample, Spread
from compare.text import NOTHING, factor

Row = dict[str, str | int | float | bool | None]
Statistic = Spread | Ratio | Sample | Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The same facts twice: `raw` for a CSV file called `name`, `shown` for the page.

    The entries of `shown` are escaped Markdown; its `text_columns` are text, the others numbers.
    """

    name: str
    raw: pd.DataFrame
    shown: pd.DataFrame
    text_columns: tuple[str, ...]

    @property
    def markdown(self) -> str:
        """A table of GitHub-flavoured Markdown, text to the left, numbers to the right."""
        sides = ["left" if column in self.text_columns else "right" for column in self.shown.columns]
        return str(self.shown.to_markdown(index=False, disable_numparse=True, colalign=sides))

    @property
    def path(self) -> Path:
        """Where its CSV file lies in a run's folder."""
        return Path("tables") / f"{self.name}.csv"

    @property
    def csv(self) -> str:
        """The raw numbers."""
        return str(self.raw.convert_dtypes().to_csv(index=False, lineterminator="\n"))


def columns(prefix: str, kind: type[Statistic], value: Statistic | None) -> Row:
    """One column for each field of `kind`, NaN without a value."""
    names = [field.name for field in fields(kind)]
    return {f"{prefix}{name}": math.nan if value is None else getattr(value, name) for name in names}


def times_fastest(raw: pd.DataFrame) -> list[str]:
    """Shown factors, and why there is none where a speed was measured."""
    return [
        "not comparable" if not comparable and not math.isnan(speed) else factor(times)
        for comparable, speed, times in zip(
            raw["comparable"], raw["sequences_per_second_median"], raw["times_fastest_median"], strict=True
        )
    ]


def ratio_with_interval(ratio: Ratio | None) -> str:
    """The median of a ratio, with its interval where there were rounds enough for one."""
    if ratio is None:
        return NOTHING
    interval = "" if math.isnan(ratio.low) else f" ({factor(ratio.low)}–{factor(ratio.high)})"
    return factor(ratio.median) + interval


def with_unit(name: str, unit: str) -> str:
    return f"{name}, {unit}" if unit else name


def shorten(text: str, length: int = 120) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
