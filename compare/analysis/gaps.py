"""What a run lacks: tasks without a run, results that are none, speeds without an interval."""

import math
from collections.abc import Iterator, Sequence

from compare.analysis.task_summary import TaskSummary
from compare.records.results import Results
from compare.text import counted


def find_gaps(results: Results, tasks: Sequence[TaskSummary]) -> list[str]:
    """One sentence a kind of gap; none where everything is there that was asked for."""
    return [*_tasks(results), *_metrics(tasks), *_speeds(tasks)]


def _tasks(results: Results) -> Iterator[str]:
    recorded = [task.name for task in results.tasks]
    ran = dict.fromkeys(run.task for run in results.runs)
    if missing := [name for name in recorded if name not in ran]:
        yield f"No run was stored of {', '.join(missing)}."
    if unknown := [name for name in ran if name not in recorded]:
        yield f"The results do not describe {', '.join(unknown)}: its runs are left out."


def _metrics(tasks: Sequence[TaskSummary]) -> Iterator[str]:
    missing = [
        f"{metric.name} of {summary.adapter} on {task.record.name} ({counted(len(seeds), 'seed')})"
        for task in tasks
        for metric in task.record.metrics
        for summary in task.adapters
        if (
            seeds := [
                run.seed
                for run in summary.finished
                if not math.isfinite(run.metrics.get(metric.name, math.nan))
            ]
        )
    ]
    if missing:
        yield f"No finite number, and left out: {', '.join(missing)}."


def _speeds(tasks: Sequence[TaskSummary]) -> Iterator[str]:
    if nowhere := [task.record.name for task in tasks if not task.ranked and not task.interrupted]:
        yield f"No adapter has a speed to compare on {', '.join(nowhere)}."
    without = [
        task.record.name
        for task in tasks
        if any(s.times_fastest and not s.times_fastest.has_interval for s in task.ranked[1:])
    ]
    if without:
        yield (
            f"Too few processes for an interval of the ratios on {', '.join(without)}: "
            "a difference there may be chance (more --seeds or --rounds give one)."
        )
