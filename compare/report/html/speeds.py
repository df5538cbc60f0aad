"""Every adapter's time for the same work in multiples of every other's, for a reader to choose from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.speeds import times
from compare.analysis.statistics import Ratio
from compare.analysis.task_summary import TaskSummary
from compare.records.results import Results
from compare.report.html.commands import command
from compare.report.tables.speed import finding
from compare.text import NOTHING, factor, mean_with_deviation, mebibytes, number, one_line, seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A ratio of times as it is shown, and as numbers; the interval is None where there is none."""

    text: str
    finding: str
    median: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A value of a table: as it is shown, and the number that sorting goes by."""

    text: str
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedRow:
    """One adapter on one task; `times` are by the adapter that is the baseline.

    `fastest` are the times in multiples of the fastest's; both lack what cannot be compared.
    """

    task: str
    dataset: str
    metric: str
    adapter: str
    status: str
    reason: str
    command: str
    versions: str
    cells: dict[str, Cell]
    fastest: Times | None
    times: dict[str, Times]


def speed_rows(results: Results, tasks: Sequence[TaskSummary]) -> list[SpeedRow]:
    """A row for each task and adapter, in the order of the report."""
    return [_row(results, task, summary) for task in tasks for summary in task.adapters]


def _row(results: Results, task: TaskSummary, summary: AdapterSummary) -> SpeedRow:
    metric = task.record.metrics[0]
    result = summary.metric(metric.name)
    worker = next((run.worker for run in summary.runs if run.worker), None)
    return SpeedRow(
        task=task.record.name,
        dataset=task.record.dataset,
        metric=one_line(f"{metric.name}, {metric.unit}" if metric.unit else metric.name),
        adapter=summary.adapter,
        status=summary.status if summary.status != "ok" or not summary.reason else "not comparable",
        reason=one_line(summary.reason),
        command=command(results, task.record, summary.adapter),
        versions=", ".join(f"{name} {version}" for name, version in worker.versions.items())
        if worker
        else "",
        cells={
            "result": Cell(
                text=mean_with_deviation(result.mean, result.sd) if result else NOTHING,
                value=result.mean if result else None,
            ),
            "rate": _cell(summary.throughput.median if summary.throughput else None, number),
            "startup": _cell(summary.startup_seconds, seconds),
            "job": _cell(summary.job_seconds, seconds),
            "memory": _cell(summary.peak_rss_bytes, mebibytes),
        },
        fastest=_times(summary.times_fastest),
        times={
            other.adapter: ratio
            for other in task.adapters
            if other.comparable and summary.comparable
            if (ratio := _times(times(summary.runs, other.runs))) is not None
        },
    )


def _cell(value: float | None, show: Callable[[float | None], str]) -> Cell:
    return Cell(text=show(value), value=value)


def _times(ratio: Ratio | None) -> Times | None:
    if ratio is None:
        return None
    interval = ratio.has_interval
    shown = f"{factor(ratio.median)} ({factor(ratio.low)}–{factor(ratio.high)})"
    return Times(
        text=shown if interval and ratio.low < ratio.high else factor(ratio.median),
        finding=finding(ratio),
        median=ratio.median,
        low=ratio.low if interval else None,
        high=ratio.high if interval else None,
    )
