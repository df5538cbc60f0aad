"""The self-test, an A/A test: each adapter timed against itself."""

import math
from collections.abc import Sequence

import pandas as pd

from compare.analysis.statistics import Ratio, Spread
from compare.analysis.task_summary import TaskSummary
from compare.report.tables.speed import ranges
from compare.report.tables.table import Table, columns
from compare.text import escape, number, percent


def aa_test_table(tasks: Sequence[TaskSummary]) -> Table | None:
    """A row per task and adapter; None where there was no self-test."""
    found = [(task, test) for task in tasks for test in task.aa_tests]
    if not found:
        return None
    raw = pd.DataFrame(
        {
            "task": task.record.name,
            "dataset": task.record.dataset,
            "adapter": test.adapter,
            **columns("first_", Spread, test.throughputs[0]),
            **columns("second_", Spread, test.throughputs[1]),
            **columns("times_", Ratio, test.times),
            "smallest_difference": test.times.minimum_detectable_difference if test.times else math.nan,
            "passed": test.passed,
        }
        for task, test in found
    )
    shown = {
        "Task": raw["task"].map(escape),
        "Adapter": raw["adapter"].map(escape),
        "Sequences/s": raw["first_median"].map(number),
        "Again": raw["second_median"].map(number),
        "Time, ×": [f"{value:.3f}" for value in raw["times_median"]],
        "95 % interval": ranges(raw["times_low"], raw["times_high"], lambda value: f"{value:.3f}"),
        "Minimum detectable difference": raw["smallest_difference"].map(percent),
        "Finding": [
            "no difference found" if passed else "**a difference found**" for passed in raw["passed"]
        ],
    }
    return Table(
        name="self-test", raw=raw, shown=pd.DataFrame(shown), text_columns=("Task", "Adapter", "Finding")
    )
