"""The table that a reader sees first: a row for each task, with what was asked of it."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.lockstep import Lockstep, lockstep
from compare.analysis.scatter import Scatter
from compare.analysis.statistics import Ratio, Sample
from compare.analysis.task_summary import TaskSummary
from compare.report.tables.table import Row, Table, columns
from compare.text import NOTHING, escape, factor, mean_with_deviation, number, percent

MOST_NAMES = 3
"""How many adapters a cell names before it counts them."""


def answers_table(tasks: Sequence[TaskSummary], links: Mapping[str, str]) -> Table:
    """One row per task; `links` lead from a task's name to its page."""
    raw = pd.DataFrame(_row(task) for task in tasks)
    shown = pd.DataFrame(
        {
            "Task": (
                f"[**{escape(task.record.name)}**]({links[task.record.name]})<br>{escape(task.record.dataset)}"
            ),
            "Fastest once warm": _fastest(task),
            "Next: × as long": _next(task),
            "Done first, whole job": _done_first(task),
            "Best result": _best(task),
            "Results agree": _agreement(task.scatter),
            "Lockstep": _lockstep(lockstep(task)),
            "Smallest difference seen": detectable(task),
        }
        for task in tasks
    )
    text_columns = tuple(name for name in shown.columns if name != "Smallest difference seen")
    return Table(name="answers", raw=raw, shown=shown, text_columns=text_columns)


def _row(task: TaskSummary) -> Row:
    first, second = (*task.ranked[:2], None, None)[:2]
    done, best, scatter, state = task.by_whole_job[:1], task.best, task.scatter, lockstep(task)
    metric = task.record.metrics[0]
    return {
        "task": task.record.name,
        "dataset": task.record.dataset,
        "fastest": first.adapter if first else None,
        "next": second.adapter if second else None,
        **columns("next_times_fastest_", Ratio, second.times_fastest if second else None),
        "tied_with_fastest": "; ".join(summary.adapter for summary in task.tied_with_fastest),
        "done_first": done[0].adapter if done else None,
        "job_seconds": done[0].job_seconds if done else math.nan,
        "metric": metric.name,
        "metric_unit": metric.unit,
        "naive": math.nan if metric.naive is None else metric.naive,
        "best": best.adapter if best else None,
        **columns("best_", Sample, best.metric(metric.name) if best else None),
        "largest_result_difference": scatter.difference if scatter else math.nan,
        "lockstep": state.state,
        "lockstep_adapters": "; ".join(state.adapters),
        "largest_loss_difference": math.nan if state.difference is None else state.difference,
        "minimum_detectable_difference": task.minimum_detectable_difference,
    }


def _fastest(task: TaskSummary) -> str:
    if not task.ranked:
        return "interrupted" if task.interrupted else "no speed to compare"
    if task.too_noisy_to_rank:
        return "too noisy to rank"
    if task.tied_with_fastest:
        return f"tie: {names([task.ranked[0].adapter, *(s.adapter for s in task.tied_with_fastest)])}"
    first = escape(task.ranked[0].adapter)
    sure = all(summary.times_fastest and summary.times_fastest.has_interval for summary in task.ranked[1:2])
    return f"**{first}**" if sure else f"{first}, by the median"


def _next(task: TaskSummary) -> str:
    """The next in the ranking with its ratio; those that are tied with the fastest."""
    if len(task.ranked) < 2:
        return NOTHING
    if task.too_noisy_to_rank:
        return f"{escape(task.ranked[0].adapter)} by the median"
    shown = (task.tied_with_fastest or task.ranked[1:2])[:MOST_NAMES]
    return "<br>".join(_ratio(summary) for summary in shown)


def _ratio(summary: AdapterSummary) -> str:
    times = summary.times_fastest
    if times is None:
        return NOTHING
    interval = f"{factor(times.low)}–{factor(times.high)}" if times.has_interval else "too few processes"
    return f"{escape(summary.adapter)} {factor(times.median)}\u00a0× ({interval})"


def _done_first(task: TaskSummary) -> str:
    if not task.by_whole_job:
        return NOTHING
    first, *others = (
        (escape(summary.adapter), _duration(summary.job_seconds)) for summary in task.by_whole_job[:2]
    )
    return f"**{first[0]}** {first[1]}" + "".join(f"<br>{name} {time}" for name, time in others)


def _duration(seconds: float | None) -> str:
    return NOTHING if seconds is None else f"{number(seconds, 2 if seconds < 10 else 3)}\u00a0s"


def _best(task: TaskSummary) -> str:
    metric, best = task.record.metrics[0], task.best
    result = best.metric(metric.name) if best else None
    if best is None or result is None:
        return NOTHING if task.interrupted else f"no {escape(metric.name)}"
    unit = f"\u00a0{escape(metric.unit)}" if metric.unit == "%" else ""
    value = f"{escape(metric.name)} {mean_with_deviation(result.mean, result.sd)}{unit}"
    alone = f", {escape(best.adapter)}" if task.scatter is not None and task.scatter.agree is False else ""
    naive = "" if metric.naive is None else f"<br>naive {number(metric.naive)}{unit}"
    return f"{value}{alone}{naive}"


def _agreement(scatter: Scatter | None) -> str:
    if scatter is None:
        return NOTHING
    if scatter.adapters == 1:
        return "one adapter"
    if scatter.difference == 0:
        return "yes, equal"
    if scatter.agree is False:
        return f"**no**, up to {number(scatter.difference, 2)} apart"
    within = f"within {_roughly(scatter.difference)}"
    return f"yes, {within}" if scatter.agree else f"{within} from one seed"


def _lockstep(found: Lockstep) -> str:
    who = names(found.adapters)
    return {
        "different": f"**NO: DIFFERENT** ({who})",
        "left": f"**NO** ({who}: losses left the band)",
        "not proven": f"not proven for {who}",
        "drifts": f"yes in float64; {who} {'drifts' if len(found.adapters) == 1 else 'drift'} in float32",
        "in lockstep": f"yes, to {_roughly(found.difference)}",
        "first epoch": f"yes, first epoch to {_roughly(found.difference)}",
        "not confirmed": "nothing to compare",
    }[found.state]


def _roughly(value: float | None) -> str:
    """One digit of a difference below 1: its size is what counts."""
    return number(value, 2) if value is None or value >= 1 else f"{value:.1g}"


def detectable(task: TaskSummary) -> str:
    """The smallest difference in speed that could be seen, as a share, or as a factor where it is large."""
    smallest = task.minimum_detectable_difference
    return percent(smallest) if not smallest >= 1 else f"{factor(1 + smallest)}-fold"


def names(adapters: Sequence[str]) -> str:
    """Their names in bold, the first few where there are many."""
    shown = ", ".join(f"**{escape(adapter)}**" for adapter in adapters[:MOST_NAMES])
    further = len(adapters) - MOST_NAMES
    return f"{shown} and {further} more" if further > 0 else shown
