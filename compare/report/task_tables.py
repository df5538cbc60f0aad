"""Tables of one task: what was run, how well it learned, how fast, and whether all did the same."""

import math
from collections.abc import Callable
from dataclasses import asdict

import pandas as pd

from compare.analysis.standings import TaskStandings
from compare.analysis.statistics import Ratio, Sample, Spread, median
from compare.markup import NOTHING, escape, factor, mebibytes, number, seconds, slug, uncertain
from compare.report.tables import Row, Table, columns, times_fastest, with_unit


def settings_table(task: TaskStandings) -> Table:
    """What was run; settings that are None are left out."""
    record = task.record
    groups: dict[str, Row] = {
        "model": dict(record.model),
        "training": {**record.train, "batch_size": record.batch_size},
        "length": {"epochs": record.epochs, "updates_per_epoch": record.updates_per_epoch},
        "data": {
            "dataset": record.dataset,
            "training_sequences": record.sequences,
            "held_out_sequences": record.held_out_sequences,
            "time_steps": record.time_steps,
        },
        "starts": {"seeds": " ".join(map(str, sorted({r.seed for s in task.adapters for r in s.runs})))},
    }
    raw = pd.DataFrame(
        {"group": group, "setting": setting, "value": str(value)}
        for group, values in groups.items()
        for setting, value in values.items()
        if value is not None
    )
    words = raw["setting"].str.replace("_", " ").map(escape) + " " + raw["value"].map(escape)
    lines = words.groupby(raw["group"].str.capitalize(), sort=False).agg(", ".join)
    return Table(
        name=f"{slug(record.name)}-settings",
        raw=raw,
        shown=pd.DataFrame({"Setting": lines.index, "Value": lines.array}),
        words=("Setting", "Value"),
    )


def metrics_table(task: TaskStandings) -> Table:
    """Final figures on held-out data over the seeds that finished: a row per metric and adapter."""
    raw = pd.DataFrame(
        {
            "metric": metric.name,
            "unit": metric.unit,
            "better": metric.better,
            "target": metric.target,
            "adapter": standing.adapter,
            "status": standing.status,
            **columns("", Sample, standing.metric(metric.name)),
            "seeds_at_target": len(times := standing.seconds_to(metric)),
            "seconds_to_target": median(times),
        }
        for metric in task.record.metrics
        for standing in task.adapters
    )
    shown = {
        "Metric": [
            "" if repeated else escape(with_unit(name, unit))
            for name, unit, repeated in zip(
                raw["metric"], raw["unit"], raw["metric"].duplicated(), strict=True
            )
        ],
        "Adapter": raw["adapter"].map(escape),
        "Mean ± sd": [uncertain(*pair) for pair in zip(raw["mean"], raw["sd"], strict=True)],
        "Min": [number(value, digits=4) for value in raw["minimum"]],
        "Max": [number(value, digits=4) for value in raw["maximum"]],
        "Target": [number(target, digits=4) for target in raw["target"]],
        "Reached by": [
            NOTHING if math.isnan(count) else f"{reached} of {count:.0f}"
            for reached, count in zip(raw["seeds_at_target"], raw["count"], strict=True)
        ],
        "After, s": raw["seconds_to_target"].map(seconds),
    }
    return Table(
        name=f"{slug(task.record.name)}-metrics",
        raw=raw,
        shown=pd.DataFrame(shown),
        words=("Metric", "Adapter"),
    )


def throughput_table(task: TaskStandings) -> Table:
    """Warm speed, pooled over rounds and seeds."""
    raw = pd.DataFrame(
        {
            "adapter": standing.adapter,
            "status": standing.status,
            "comparable": standing.comparable,
            **columns("sequences_per_second_", Spread, standing.throughput),
            **columns("times_fastest_", Ratio, standing.times_fastest),
        }
        for standing in task.adapters
    )
    shown = {
        "Adapter": raw["adapter"].map(escape),
        "Sequences/s": raw["sequences_per_second_median"].map(number),
        "Quartiles": _ranges(raw["sequences_per_second_lower"], raw["sequences_per_second_upper"], number),
        "Rounds": raw["sequences_per_second_count"].map(number),
        "Time, × fastest": times_fastest(raw),
        "95 % interval": _ranges(raw["times_fastest_low"], raw["times_fastest_high"], factor),
    }
    return Table(
        name=f"{slug(task.record.name)}-throughput", raw=raw, shown=pd.DataFrame(shown), words=("Adapter",)
    )


def startup_table(task: TaskStandings) -> Table:
    """Cold costs by phase, the median over the seeds that finished, and memory, the largest of any seed."""
    runs = [run for standing in task.adapters for run in standing.runs]
    phases = list(dict.fromkeys(phase for run in runs for phase in run.cold_seconds))
    raw = pd.DataFrame(
        {
            "adapter": standing.adapter,
            "status": standing.status,
            **{f"{phase}_seconds": standing.cold_seconds(phase) for phase in phases},
            "startup_seconds": standing.startup_seconds,
            "import_rss_bytes": standing.import_rss_bytes,
            "peak_rss_bytes": standing.peak_rss_bytes,
        }
        for standing in task.adapters
    )
    shown = {
        "Adapter": raw["adapter"].map(escape),
        **{f"{_words(phase)}, s": raw[f"{phase}_seconds"].map(seconds) for phase in phases},
        "Together, s": raw["startup_seconds"].map(seconds),
        "Memory after import": raw["import_rss_bytes"].map(mebibytes),
        "Peak memory": raw["peak_rss_bytes"].map(mebibytes),
    }
    return Table(
        name=f"{slug(task.record.name)}-startup", raw=raw, shown=pd.DataFrame(shown), words=("Adapter",)
    )


def lockstep_table(task: TaskStandings) -> Table:
    """How far the losses of the first epoch are from the reference's."""
    raw = pd.DataFrame(asdict(standing.agreement) for standing in task.adapters)
    shown = {
        "Adapter": raw["adapter"].map(escape),
        "Verdict": raw["verdict"],
        "Seeds": raw["seeds"].map(str),
        "Largest difference": [number(value, digits=2) for value in raw["largest_absolute"]],
        "Relative": [number(value, digits=2) for value in raw["largest_relative"]],
        "Left at update": [
            NOTHING if pd.isna(update) else f"{update:.0f} (seed {seed:.0f})"
            for update, seed in zip(raw["left_at"], raw["left_seed"], strict=True)
        ],
    }
    return Table(
        name=f"{slug(task.record.name)}-lockstep",
        raw=raw,
        shown=pd.DataFrame(shown),
        words=("Adapter", "Verdict"),
    )


def _words(name: str) -> str:
    return escape(name.replace("_", " ").capitalize())


def _ranges(lower: pd.Series, upper: pd.Series, show: Callable[[float], str]) -> list[str]:
    """Shown as `lower–upper`, or nothing where there is no range."""
    return [
        NOTHING if math.isnan(low) or low == high else f"{show(low)}–{show(high)}"
        for low, high in zip(lower, upper, strict=True)
    ]
