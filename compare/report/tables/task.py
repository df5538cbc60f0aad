"""Tables of one task: what was run, how well it learned, and whether all did the same."""

import math
from dataclasses import asdict

import pandas as pd

from compare.analysis.statistics import Difference, Sample, median
from compare.analysis.task_summary import TaskSummary
from compare.report.tables.table import Row, Table, columns, with_unit
from compare.text import NOTHING, escape, interval_text, mean_with_deviation, number, seconds, signed, slug

OF_ONE_CELL = {"activation": "elman", "reset": "gru"}
"""The settings that one cell has: of others they are fixed."""


def settings_table(task: TaskSummary) -> Table:
    """What was run; settings that are None, or of another cell, are left out."""
    record = task.record
    groups: dict[str, Row] = {
        "model": {
            name: value
            for name, value in record.model.items()
            if OF_ONE_CELL.get(name) in (None, record.model.get("cell"))
        },
        "training": {**record.train, "batch_size": record.batch_size},
        "length": {"epochs": record.epochs, "updates_per_epoch": record.updates_per_epoch},
        "data": {
            "dataset": record.dataset,
            "training_sequences": record.sequences,
            "held_out_sequences": record.held_out_sequences,
            "time_steps": record.time_steps,
            "shortest": record.shortest,
            **record.data,
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
        text_columns=("Setting", "Value"),
    )


def metrics_table(task: TaskSummary) -> Table | None:
    """Final figures on held-out data over the seeds that finished: a row per metric and adapter.

    None where no adapter has any.
    """
    if not any(task.scatter_of(metric) for metric in task.record.metrics):
        return None
    raw = pd.DataFrame(
        {
            "metric": metric.name,
            "unit": metric.unit,
            "better": metric.better,
            "target": math.nan if metric.target is None else metric.target,
            "naive": metric.naive,
            "adapter": summary.adapter,
            "status": summary.status,
            **columns("", Sample, summary.metric(metric.name)),
            "compared_with": task.compared_with,
            **columns("difference_", Difference, task.difference(summary, metric)),
            "seeds_at_target": summary.reached(metric),
            "seconds_to_target": median(times := summary.seconds_to(metric)),
            "seconds_to_target_minimum": min(times, default=math.nan),
            "seconds_to_target_maximum": max(times, default=math.nan),
        }
        for metric in task.record.metrics
        for summary in task.adapters
    )
    shown = {
        "Metric": [
            "" if repeated else escape(with_unit(name, unit))
            for name, unit, repeated in zip(
                raw["metric"], raw["unit"], raw["metric"].duplicated(), strict=True
            )
        ],
        "Adapter": raw["adapter"].map(escape),
        "Mean ± sd": [mean_with_deviation(*pair) for pair in zip(raw["mean"], raw["sd"], strict=True)],
        "95 % interval": [interval_text(*pair) for pair in zip(raw["low"], raw["high"], strict=True)],
        f"Difference from {escape(task.compared_with or 'the reference')}": _differences(raw),
        **({"Naive": [number(naive) for naive in raw["naive"]]} if raw["naive"].notna().any() else {}),
        **(_targets(raw) if raw["target"].notna().any() else {}),
    }
    return Table(
        name=f"{slug(task.record.name)}-metrics",
        raw=raw,
        shown=pd.DataFrame(shown),
        text_columns=("Metric", "Adapter"),
    )


def agreement_table(task: TaskSummary) -> Table | None:
    """How far the losses of the first epoch are from the reference's; None where there is no reference."""
    if not any(summary.agreement.reference for summary in task.adapters):
        return None
    raw = pd.DataFrame(asdict(summary.agreement) for summary in task.adapters)
    shown = {
        "Adapter": raw["adapter"].map(escape),
        "Result": raw["result"],
        "Seeds": raw["seeds"].map(str),
        "Largest difference": [number(value, digits=2) for value in raw["largest_absolute"]],
        "÷ max(1, loss)": [number(value, digits=2) for value in raw["largest_relative"]],
        "Left at update": [
            NOTHING if pd.isna(update) else f"{update:.0f} (seed {seed:.0f})"
            for update, seed in zip(raw["left_at"], raw["left_seed"], strict=True)
        ],
    }
    return Table(
        name=f"{slug(task.record.name)}-lockstep",
        raw=raw,
        shown=pd.DataFrame(shown),
        text_columns=("Adapter", "Result"),
    )


def _differences(raw: pd.DataFrame) -> list[str]:
    """The mean of the differences seed by seed, with its interval where there are seeds enough."""
    return [
        NOTHING
        if math.isnan(mean)
        else "0"
        if mean == low == high
        else f"{signed(mean)} ({'one seed' if math.isnan(low) else f'{signed(low)} to {signed(high)}'})"
        for mean, low, high in zip(
            raw["difference_mean"], raw["difference_low"], raw["difference_high"], strict=True
        )
    ]


def _targets(raw: pd.DataFrame) -> dict[str, list[str]]:
    """How many seeds reached each target, and when; nothing of a metric that has none."""
    untargeted = raw["target"].isna()
    found = {
        "Target": [f"{target:g}" for target in raw["target"]],
        "Reached by": [
            NOTHING if math.isnan(count) else f"{reached} of {count:.0f}"
            for reached, count in zip(raw["seeds_at_target"], raw["count"], strict=True)
        ],
        "After, s": _times_to_target(raw),
    }
    return {
        heading: [NOTHING if none else text for none, text in zip(untargeted, texts, strict=True)]
        for heading, texts in found.items()
    }


def _times_to_target(raw: pd.DataFrame) -> list[str]:
    """The median over the seeds that reached it, and their range; said where none did."""
    return [
        NOTHING
        if math.isnan(count)
        else "not reached"
        if not reached
        else seconds(middle)
        if reached == 1
        else f"{seconds(middle)} ({seconds(low)}–{seconds(high)})"
        for count, reached, middle, low, high in zip(
            raw["count"],
            raw["seeds_at_target"],
            raw["seconds_to_target"],
            raw["seconds_to_target_minimum"],
            raw["seconds_to_target_maximum"],
            strict=True,
        )
    ]
