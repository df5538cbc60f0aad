"""What more threads were worth to each adapter on each task."""

from collections.abc import Sequence

import pandas as pd

from compare.analysis.statistics import Ratio, median, paired_ratio
from compare.records.sweep import ThreadRounds
from compare.report.tables.table import Table, shorten
from compare.text import NOTHING, escape, factor, number


def thread_table(rounds: Sequence[ThreadRounds]) -> Table:
    """One row per task and adapter: an update with one thread, and how many times as fast all are."""
    ratios = [_speedup(each) for each in rounds]
    raw = pd.DataFrame(
        {
            "task": each.task,
            "adapter": each.adapter,
            "threads": each.threads,
            "single_seconds_median": median(each.single),
            "several_seconds_median": median(each.several),
            "speedup_median": ratio.median if ratio else None,
            "speedup_low": ratio.low if ratio else None,
            "speedup_high": ratio.high if ratio else None,
            "error": each.error,
        }
        for each, ratio in zip(rounds, ratios, strict=True)
    )
    shown = pd.DataFrame(
        {
            "Task": [
                "" if repeated else f"**{escape(task)}**"
                for task, repeated in zip(raw["task"], raw["task"].duplicated(), strict=True)
            ],
            "Adapter": raw["adapter"].map(escape),
            "1 thread, µs an update": [number(_micro(each.single)) for each in rounds],
            "All threads, µs an update": [number(_micro(each.several)) for each in rounds],
            "All, × as fast as 1": [
                escape(shorten(each.error)) if each.error else _shown(ratio)
                for each, ratio in zip(rounds, ratios, strict=True)
            ],
        }
    )
    return Table(name="threads", raw=raw, shown=shown, text_columns=("Task", "Adapter"))


def _speedup(rounds: ThreadRounds) -> Ratio | None:
    if rounds.error:
        return None
    return paired_ratio([one / all_ for one, all_ in zip(rounds.single, rounds.several, strict=True)])


def _micro(seconds: Sequence[float]) -> float | None:
    middle = median(seconds)
    return None if middle is None else 1e6 * middle


def _shown(ratio: Ratio | None) -> str:
    if ratio is None:
        return NOTHING
    if not ratio.has_interval:
        return f"{factor(ratio.median)} (too few rounds)"
    shown = f"{factor(ratio.median)} ({factor(ratio.low)}–{factor(ratio.high)})"
    return f"{shown}, no difference found" if ratio.includes_one else shown
