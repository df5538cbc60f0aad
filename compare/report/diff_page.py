"""Two runs compared, as Markdown."""

import math
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from compare.analysis.run_diff import RunDiff
from compare.analysis.significance import SPEED, Change
from compare.report.tables.table import Table
from compare.text import NOTHING, escape, number


def diff_page(found: RunDiff, first: Path, second: Path, threshold: float) -> str:
    """A sentence that sums up, the table, and remarks."""
    counts = Counter(change.finding for change in found.changes)
    summary = ", ".join(f"{count} {finding}" for finding, count in counts.items()) or "nothing to compare"
    lines = [
        f"**{escape(second)} against {escape(first)}**: {summary} (from {number(threshold)} % on).",
        "",
        diff_table(found.changes).markdown,
        "",
        "Change: the second speed in multiples of the first, with its 95 % interval. A sample is a "
        "block, a seed where both runs have three or more (more seeds make the interval narrower), else a "
        "process. Where there are several adapters and three blocks, it is the adapter's own change, beyond "
        "the median of the others in the same blocks: a minute that was slow for all cancels, and "
        "where all changed by the same factor beyond the threshold the machine did. Where one gained on the "
        "others, they may have lost instead, and the speeds themselves are compared. A speed has "
        "changed where the interval lies beyond the threshold, and has not where it lies within; else the "
        "runs cannot tell. A result, the mean over "
        "seeds in both, has changed where it differs by more than the threshold and by more than chance, "
        "seed by seed (from one seed alone, by more than adapters in the first run differ).",
    ]
    if found.remarks:
        lines += ["", *(f"- {escape(remark)}" for remark in found.remarks)]
    return "\n".join(lines)


def diff_table(changes: tuple[Change, ...]) -> Table:
    """One row per task, adapter and figure."""
    raw = pd.DataFrame(asdict(change) for change in changes)
    for column in ("before", "after", "ratio", "low", "high"):
        raw[column] = raw[column].astype(float)
    shown = {
        **({"Machine": raw["machine"].map(escape)} if raw["machine"].any() else {}),
        "Task": raw["task"].map(escape),
        "Adapter": raw["adapter"].map(escape),
        "Figure": raw["measure"].map(escape),
        "Before": [number(change.before, _digits(change)) for change in changes],
        "After": [number(change.after, _digits(change)) for change in changes],
        "Change": [
            NOTHING if math.isnan(ratio) else f"{ratio:.2f} ({low:.2f}–{high:.2f})"
            for ratio, low, high in zip(raw["ratio"], raw["low"], raw["high"], strict=True)
        ],
        "Finding": [_finding(change) for change in changes],
    }
    text_columns = ("Machine", "Task", "Adapter", "Figure", "Finding")
    return Table(name="changes", raw=raw, shown=pd.DataFrame(shown), text_columns=text_columns)


def _digits(change: Change) -> int:
    """Results differ by less than speeds, so they are shown with more digits."""
    return 3 if change.measure == SPEED else 4


def _finding(change: Change) -> str:
    words = f"**{change.finding}**" if change.regression else change.finding
    return f"{words}: {escape(change.reason)}" if change.reason else words
