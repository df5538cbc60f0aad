"""The table that sums up a run: a row for every task and adapter."""

import math
from collections.abc import Sequence

import pandas as pd

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.statistics import Ratio, Sample, Spread
from compare.analysis.task_summary import TaskSummary
from compare.records.results import TaskRecord
from compare.report.tables.table import Row, Table, columns, shorten, times_fastest, with_unit
from compare.text import after_status, escape, factor, mean_with_deviation, mebibytes, number, seconds

FEW_SEEDS = {1.0: " (one seed)", 2.0: " (two seeds)"}


def summary_table(tasks: Sequence[TaskSummary]) -> Table:
    """One row per task and adapter."""
    raw = pd.DataFrame(_summary_row(task.record, summary) for task in tasks for summary in task.adapters)
    shown = {
        "Task, metric": [
            "" if repeated else f"**{escape(task)}**<br>{escape(with_unit(metric, unit))}"
            for task, metric, unit, repeated in zip(
                raw["task"], raw["metric"], raw["metric_unit"], raw["task"].duplicated(), strict=True
            )
        ],
        "Adapter": raw["adapter"].map(escape),
        "Result": [
            _result(*each)
            for each in zip(raw["result_mean"], raw["result_sd"], raw["result_count"], strict=True)
        ],
        "Sequences/s": raw["sequences_per_second_median"].map(number),
        "Time, × fastest": _times_with_interval(raw),
        "Start-up, s": raw["startup_seconds"].map(seconds),
        "Whole job, s": raw["job_seconds"].map(seconds),
        "Peak memory": raw["peak_rss_bytes"].map(mebibytes),
        "Status": [
            _status_with_reason(status, reason)
            for status, reason in zip(raw["status"], raw["reason"], strict=True)
        ],
    }
    text_columns = ("Task, metric", "Adapter", "Status")
    return Table(name="summary", raw=raw, shown=pd.DataFrame(shown), text_columns=text_columns)


def _result(mean: float, sd: float, count: float) -> str:
    """The mean with its deviation, and how many seeds it is of where they are few."""
    return mean_with_deviation(mean, sd) + FEW_SEEDS.get(count, "")


def _status_with_reason(status: str, reason: str) -> str:
    if not reason:
        return status
    shown = "not comparable" if status == "ok" else status
    return f"**{shown}**: {escape(shorten(after_status(status, reason)))}"


def _times_with_interval(raw: pd.DataFrame) -> list[str]:
    return [
        times if math.isnan(low) or low == high else f"{times} ({factor(low)}–{factor(high)})"
        for times, low, high in zip(
            times_fastest(raw), raw["times_fastest_low"], raw["times_fastest_high"], strict=True
        )
    ]


def _summary_row(record: TaskRecord, summary: AdapterSummary) -> Row:
    metric = record.metrics[0]
    return {
        "task": record.name,
        "dataset": record.dataset,
        "adapter": summary.adapter,
        "status": summary.status,
        "seeds": len(summary.runs),
        "seeds_ok": len(summary.finished),
        "metric": metric.name,
        "metric_unit": metric.unit,
        **columns("result_", Sample, summary.metric(metric.name)),
        **columns("sequences_per_second_", Spread, summary.throughput),
        **columns("times_fastest_", Ratio, summary.times_fastest),
        "comparable": summary.comparable,
        "peak_rss_bytes": summary.peak_rss_bytes,
        "startup_seconds": summary.startup_seconds,
        "job_seconds": summary.job_seconds,
        "reason": summary.reason,
    }
