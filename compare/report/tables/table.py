"""Tables of a report: raw numbers for machines, formatted ones for readers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import pandas as pd

from compare.analysis.adapter_summary import Standing
from compare.analysis.statistics import Difference, Ratio, Sample, Spread
from compare.analysis.task_summary import TaskStandings
from compare.records.results import TaskRecord
from compare.storage.atomic import write_text
from compare.text import beside, escape, factor, mebibytes, number, seconds, uncertain

Row = dict[str, str | int | float | bool | None]
Statistic = Spread | Ratio | Sample | Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The same facts twice: `raw` for a CSV file called `name`, `shown` for the page.

    The cells of `shown` are escaped Markdown; its columns named in `words` are text, the others numbers.
    """

    name: str
    raw: pd.DataFrame
    shown: pd.DataFrame
    words: tuple[str, ...]

    @property
    def markdown(self) -> str:
        """A table of GitHub-flavoured Markdown, text to the left, numbers to the right."""
        sides = ["left" if column in self.words else "right" for column in self.shown.columns]
        return str(self.shown.to_markdown(index=False, disable_numparse=True, colalign=sides))

    def save(self, folder: Path) -> Path:
        path = folder / f"{self.name}.csv"
        write_text(path, self.raw.convert_dtypes().to_csv(index=False, lineterminator="\n"))
        return path


def summary_table(tasks: Sequence[TaskStandings]) -> Table:
    """One row per task and adapter."""
    raw = pd.DataFrame(_summary_row(task.record, standing) for task in tasks for standing in task.adapters)
    shown = {
        "Task, metric": [
            "" if repeated else f"**{escape(task)}**<br>{escape(with_unit(metric, unit))}"
            for task, metric, unit, repeated in zip(
                raw["task"], raw["metric"], raw["metric_unit"], raw["task"].duplicated(), strict=True
            )
        ],
        "Adapter": raw["adapter"].map(escape),
        "Result": [uncertain(*pair) for pair in zip(raw["result_mean"], raw["result_sd"], strict=True)],
        "Sequences/s": raw["sequences_per_second_median"].map(number),
        "Time, × fastest": _times_with_interval(raw),
        "Start-up, s": raw["startup_seconds"].map(seconds),
        "Whole job, s": raw["job_seconds"].map(seconds),
        "Peak memory": raw["peak_rss_bytes"].map(mebibytes),
        "Status": [
            f"**{'not comparable' if status == 'ok' else status}**: {escape(shorten(beside(status, reason)))}"
            if reason
            else status
            for status, reason in zip(raw["status"], raw["reason"], strict=True)
        ],
    }
    words = ("Task, metric", "Adapter", "Status")
    return Table(name="summary", raw=raw, shown=pd.DataFrame(shown), words=words)


def columns(prefix: str, kind: type[Statistic], value: Statistic | None) -> Row:
    """One column for each field of `kind`, NaN without a value."""
    names = [field.name for field in fields(kind)]
    return {f"{prefix}{name}": math.nan if value is None else getattr(value, name) for name in names}


def times_fastest(raw: pd.DataFrame) -> list[str]:
    """Shown factors, and why there is none where a speed was measured."""
    return [
        "not comparable" if not comparable and not math.isnan(speed) else factor(times)
        for comparable, speed, times in zip(
            raw["comparable"], raw["sequences_per_second_median"], raw["times_fastest_median"], strict=True
        )
    ]


def _times_with_interval(raw: pd.DataFrame) -> list[str]:
    return [
        times if math.isnan(low) or low == high else f"{times} ({factor(low)}–{factor(high)})"
        for times, low, high in zip(
            times_fastest(raw), raw["times_fastest_low"], raw["times_fastest_high"], strict=True
        )
    ]


def with_unit(name: str, unit: str) -> str:
    return f"{name}, {unit}" if unit else name


def shorten(text: str, length: int = 120) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _summary_row(record: TaskRecord, standing: Standing) -> Row:
    metric = record.metrics[0]
    return {
        "task": record.name,
        "dataset": record.dataset,
        "adapter": standing.adapter,
        "status": standing.status,
        "seeds": len(standing.runs),
        "seeds_ok": len(standing.finished),
        "metric": metric.name,
        "metric_unit": metric.unit,
        **columns("result_", Sample, standing.metric(metric.name)),
        **columns("sequences_per_second_", Spread, standing.throughput),
        **columns("times_fastest_", Ratio, standing.times_fastest),
        "comparable": standing.comparable,
        "peak_rss_bytes": standing.peak_rss_bytes,
        "startup_seconds": standing.startup_seconds,
        "job_seconds": standing.job_seconds,
        "reason": standing.reason,
    }
