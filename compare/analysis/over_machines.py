"""What runs on several kinds of machine say together: speeds by kind, results by seeds and updates alone."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.machines import Group
from compare.analysis.random_effects import Estimate, OverMachines, over_machines
from compare.analysis.speeds import process_ratios
from compare.analysis.statistics import FEWEST_CLUSTERS, Sample, median, sample
from compare.analysis.task_summary import TaskSummary, task_summaries
from compare.records.results import TaskRecord
from tasks.interface import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    """The tasks of a group, each as one of its own."""

    group: Group
    tasks: tuple[TaskSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesOverMachines:
    """An adapter's time for the same work in multiples of another's, over kinds of machine."""

    task: str
    adapter: str
    base: str
    times: OverMachines


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultOverMachines:
    """What an adapter came to on a task, over all kinds of machine: a seed is a sample, however often it ran.

    `result` is of the first metric; `updates` the median that the target took, over the seeds that reached
    it, None where none did or there is no target.
    """

    record: TaskRecord
    adapter: str
    result: Sample | None
    updates: float | None
    machines: int

    @property
    def metric(self) -> Metric:
        return self.record.metrics[0]


def group_summaries(groups: Sequence[Group]) -> tuple[GroupSummary, ...]:
    """The tasks of every group, those without runs left out."""
    return tuple(
        GroupSummary(
            group=group, tasks=tuple(task for task in task_summaries(group.results) if task.adapters)
        )
        for group in groups
    )


def times_over_machines(
    summaries: Sequence[GroupSummary], baseline: str | None = None
) -> tuple[TimesOverMachines, ...]:
    """Each task's adapters against the baseline, or the one that is fastest on most kinds of machine.

    Of a kind of machine with several groups the last that has a task counts. Left out is what fewer than
    three kinds of machine with three processes each have timed.
    """
    found = []
    for name, tasks in _by_task(_latest(summaries)).items():
        base = baseline or _usual_winner(tasks)
        for adapter in dict.fromkeys(summary.adapter for task in tasks for summary in task.adapters):
            estimates = [each for task in tasks if (each := _estimate(task, adapter, base)) is not None]
            times = over_machines(estimates)
            if times is not None and base is not None and adapter != base:
                found.append(TimesOverMachines(task=name, adapter=adapter, base=base, times=times))
    return tuple(found)


def results_over_machines(summaries: Sequence[GroupSummary]) -> tuple[ResultOverMachines, ...]:
    """Results and updates of each task's adapters; no seconds, which are each machine's own."""
    found = []
    for tasks in _by_task(_latest(summaries)).values():
        for adapter in dict.fromkeys(summary.adapter for task in tasks for summary in task.adapters):
            own = [summary for task in tasks if (summary := _of(task, adapter)) is not None]
            found.append(_result(tasks[0].record, adapter, own))
    return tuple(found)


def _latest(summaries: Sequence[GroupSummary]) -> dict[tuple[str, str], TaskSummary]:
    """By task and machine, the summary of the last group that has it."""
    return {
        (task.record.name, each.group.conditions.machine): task for each in summaries for task in each.tasks
    }


def _by_task(latest: dict[tuple[str, str], TaskSummary]) -> dict[str, list[TaskSummary]]:
    found: dict[str, list[TaskSummary]] = {}
    for (name, _), task in latest.items():
        found.setdefault(name, []).append(task)
    return found


def _usual_winner(tasks: Sequence[TaskSummary]) -> str | None:
    winners = Counter(task.ranked[0].adapter for task in tasks if task.ranked)
    return max(winners, key=winners.__getitem__, default=None)


def _of(task: TaskSummary, adapter: str | None) -> AdapterSummary | None:
    return next((summary for summary in task.adapters if summary.adapter == adapter), None)


def _estimate(task: TaskSummary, adapter: str, base: str | None) -> Estimate | None:
    """What one kind of machine says of an adapter; None below three processes, or without a speed."""
    ours, theirs = _of(task, adapter), _of(task, base)
    if ours is None or theirs is None or not (ours.comparable and theirs.comparable):
        return None
    logs = [math.log(float(np.median(each))) for each in process_ratios(ours.runs, theirs.runs)]
    if len(logs) < FEWEST_CLUSTERS:
        return None
    return Estimate(log_ratio=float(np.mean(logs)), variance=float(np.var(logs, ddof=1)) / len(logs))


def _result(record: TaskRecord, adapter: str, own: Sequence[AdapterSummary]) -> ResultOverMachines:
    metric = record.metrics[0]
    return ResultOverMachines(
        record=record,
        adapter=adapter,
        result=sample(_by_seed([each.results(metric.name) for each in own])),
        updates=median(_by_seed([each.updates_to(metric) for each in own])),
        machines=len(own),
    )


def _by_seed(found: Sequence[dict[int, float]] | Sequence[dict[int, int]]) -> list[float]:
    """The mean over machines for each seed."""
    by_seed: dict[int, list[float]] = {}
    for each in found:
        for seed, value in each.items():
            by_seed.setdefault(seed, []).append(float(value))
    return [float(np.mean(values)) for values in by_seed.values()]
