"""The self-test as a table: each adapter against itself."""

import math
from collections.abc import Sequence

import pandas as pd

from compare.analysis.statistics import Ratio, Spread
from compare.analysis.task_summary import TaskStandings
from compare.report.tables.speed import ranges
from compare.report.tables.table import Table, columns
from compare.text import escape, number, percent


def twins_table(tasks: Sequence[TaskStandings]) -> Table | None:
    """A row per task and adapter; None where there was no self-test."""
    found = [(task, twins) for task in tasks for twins in task.twins]
    if not found:
        return None
    raw = pd.DataFrame(
        {
            "task": task.record.name,
            "dataset": task.record.dataset,
            "adapter": twins.adapter,
            **columns("first_", Spread, twins.throughputs[0]),
            **columns("second_", Spread, twins.throughputs[1]),
            **columns("times_", Ratio, twins.times),
            "smallest_difference": twins.times.half_width if twins.times else math.nan,
            "passed": twins.passed,
        }
        for task, twins in found
    )
    shown = {
        "Task": raw["task"].map(escape),
        "Adapter": raw["adapter"].map(escape),
        "Sequences/s": raw["first_median"].map(number),
        "Again": raw["second_median"].map(number),
        "Time, ×": [f"{value:.3f}" for value in raw["times_median"]],
        "95 % interval": ranges(raw["times_low"], raw["times_high"], lambda value: f"{value:.3f}"),
        "Told apart from": raw["smallest_difference"].map(percent),
        "Finding": [
            "no difference found" if passed else "**a difference found**" for passed in raw["passed"]
        ],
    }
    return Table(name="self-test", raw=raw, shown=pd.DataFrame(shown), words=("Task", "Adapter", "Finding"))
