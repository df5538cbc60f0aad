"""What more threads were worth to each adapter on each task."""

from collections.abc import Sequence

import pandas as pd

from compare.analysis.speeds import thread_speedup
from compare.analysis.statistics import Spread, median
from compare.records.sweep import ThreadRounds
from compare.report.tables.table import Table, shorten
from compare.text import NOTHING, escape, factor, number


def thread_table(rounds: Sequence[ThreadRounds]) -> Table:
    """One row per task and adapter: an update with one thread, and how many times as fast all are."""
    speedups = [thread_speedup(each) for each in rounds]
    raw = pd.DataFrame(
        {
            "task": each.task,
            "adapter": each.adapter,
            "threads": each.threads,
            "single_seconds_median": median(each.single),
            "several_seconds_median": median(each.several),
            "speedup_median": speedup.median if speedup else None,
            "speedup_lower_quartile": speedup.lower if speedup else None,
            "speedup_upper_quartile": speedup.upper if speedup else None,
            "error": each.error,
        }
        for each, speedup in zip(rounds, speedups, strict=True)
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
                escape(shorten(each.error)) if each.error else _shown(speedup)
                for each, speedup in zip(rounds, speedups, strict=True)
            ],
        }
    )
    return Table(name="threads", raw=raw, shown=shown, text_columns=("Task", "Adapter"))


def _micro(seconds: Sequence[float]) -> float | None:
    middle = median(seconds)
    return None if middle is None else 1e6 * middle


def _shown(speedup: Spread | None) -> str:
    if speedup is None:
        return NOTHING
    return f"{factor(speedup.median)} ({factor(speedup.lower)}–{factor(speedup.upper)})"
