"""Tables over machines: machine by task by adapter, and what kinds of machine say together."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.over_machines import GroupSummary, ResultOverMachines, TimesOverMachines
from compare.analysis.statistics import Ratio, Sample, Spread
from compare.analysis.task_summary import TaskSummary
from compare.report.tables.table import Row, Table, columns, with_unit
from compare.text import NOTHING, escape, factor, mean_with_deviation, number

Labelled = tuple[str, GroupSummary]
"""What a group is called, and its tasks."""


def machine_table(labelled: Sequence[Labelled], links: Mapping[str, str]) -> Table:
    """A row for each machine and task, a column for each adapter; `links` lead from a label to its page."""
    cells = [(label, task) for label, each in labelled for task in each.tasks]
    raw = pd.DataFrame(
        _row(label, each, task, summary)
        for label, each in labelled
        for task in each.tasks
        for summary in task.adapters
    )
    adapters = list(dict.fromkeys(summary.adapter for _, task in cells for summary in task.adapters))
    shown = pd.DataFrame(
        {
            "Machine": f"[{escape(label)}]({links[label]})",
            "Task": escape(task.record.name),
            **{escape(adapter): _time(task, adapter) for adapter in adapters},
        }
        for label, task in cells
    )
    return Table(name="machines", raw=raw, shown=shown, text_columns=("Machine", "Task"))


def _row(label: str, each: GroupSummary, task: TaskSummary, summary: AdapterSummary) -> Row:
    conditions, metric = each.group.conditions, task.record.metrics[0]
    return {
        "machine": label,
        "fingerprint": conditions.machine,
        "threads": conditions.threads,
        "lockstep": conditions.lockstep,
        "task": task.record.name,
        "adapter": summary.adapter,
        "version": dict(conditions.versions).get(summary.adapter, ""),
        "status": summary.status,
        "seeds": len(summary.runs),
        **columns("times_fastest_", Ratio, summary.times_fastest),
        **columns("sequences_per_second_", Spread, summary.throughput),
        "metric": metric.name,
        **columns("result_", Sample, summary.metric(metric.name)),
        "reason": summary.reason,
    }


def _time(task: TaskSummary, adapter: str) -> str:
    """The time in multiples of the fastest's on the machine; why there is none."""
    summary = next((each for each in task.adapters if each.adapter == adapter), None)
    if summary is None:
        return NOTHING
    times = summary.times_fastest
    if times is None:
        return "not comparable" if summary.throughput is not None else summary.status
    if not times.has_interval or times.low == times.high:
        return factor(times.median)
    return f"{factor(times.median)} ({factor(times.low)}–{factor(times.high)})"


def over_machines_table(found: Sequence[TimesOverMachines]) -> Table | None:
    """The ratio of each adapter over kinds of machine; None where fewer than three have one."""
    if not found:
        return None
    raw = pd.DataFrame(
        {
            "task": each.task,
            "adapter": each.adapter,
            "base": each.base,
            "ratio": each.times.ratio,
            "low": each.times.low,
            "high": each.times.high,
            "spread": each.times.spread,
            "machines": each.times.machines,
        }
        for each in found
    )
    shown = pd.DataFrame(
        {
            "Task": escape(each.task),
            "Adapter": escape(each.adapter),
            "Time, × that of": escape(each.base),
            "Ratio": f"{factor(each.times.ratio)} ({factor(each.times.low)}–{factor(each.times.high)})",
            "Spread between machines": f"×/÷ {factor(each.times.spread)}",
            "Kinds of machine": str(each.times.machines),
        }
        for each in found
    )
    text_columns = ("Task", "Adapter", "Time, × that of")
    return Table(name="over-machines", raw=raw, shown=shown, text_columns=text_columns)


def results_over_machines_table(found: Sequence[ResultOverMachines]) -> Table:
    """What each adapter learned, a seed a sample, and the updates that its target took."""
    raw = pd.DataFrame(
        {
            "task": each.record.name,
            "adapter": each.adapter,
            "metric": each.metric.name,
            **columns("result_", Sample, each.result),
            "updates_to_target": math.nan if each.updates is None else each.updates,
            "machines": each.machines,
        }
        for each in found
    )
    shown = pd.DataFrame(
        {
            "Task": escape(each.record.name),
            "Metric": escape(with_unit(each.metric.name, each.metric.unit)),
            "Adapter": escape(each.adapter),
            "Result": mean_with_deviation(each.result.mean, each.result.sd) if each.result else NOTHING,
            "Seeds": str(each.result.count if each.result else 0),
            "Updates to the target": number(each.updates),
            "Kinds of machine": str(each.machines),
        }
        for each in found
    )
    return Table(
        name="results-over-machines", raw=raw, shown=shown, text_columns=("Task", "Metric", "Adapter")
    )
