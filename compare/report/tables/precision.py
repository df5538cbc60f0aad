"""The table of tasks in fewer digits beside float32: speed and result of each adapter."""

from collections.abc import Sequence

import pandas as pd

from compare.analysis.precision import InFewerDigits
from compare.analysis.statistics import Difference, Ratio, Sample, Spread
from compare.report.tables.table import Row, Table, columns, shorten, with_unit
from compare.text import (
    NOTHING,
    after_status,
    escape,
    factor,
    mean_with_deviation,
    number,
    percent,
    signed,
)


def precision_table(rows: Sequence[InFewerDigits]) -> Table:
    """One row per task, dtype and adapter."""
    raw = pd.DataFrame(_row(row) for row in rows)
    titles = [f"**{escape(row.task.record.name)}**<br>{escape(_metric(row))}" for row in rows]
    shown = {
        "Task, metric": ["" if title in titles[:place] else title for place, title in enumerate(titles)],
        "Adapter": raw["adapter"].map(escape),
        "Dtype": raw["dtype"],
        "Sequences/s, float32": raw["float32_sequences_per_second_median"].map(number),
        "in this dtype": raw["reduced_sequences_per_second_median"].map(number),
        "Times as fast": [_times(row.times_as_fast) for row in rows],
        "Result, float32": _results(raw, "float32"),
        "its result": _results(raw, "reduced"),
        "Difference": [_difference(row.difference) for row in rows],
        "Losses, share of their band": [_rounding(row) for row in rows],
        "Status": [_status(row) for row in rows],
    }
    text_columns = ("Task, metric", "Adapter", "Dtype", "Status")
    return Table(name="precision", raw=raw, shown=pd.DataFrame(shown), text_columns=text_columns)


def _row(row: InFewerDigits) -> Row:
    name, proof = row.metric.name, row.reduced.proof
    return {
        "task": row.task.record.name,
        "dataset": row.task.record.dataset,
        "adapter": row.full.adapter,
        "dtype": row.dtype,
        **columns("float32_sequences_per_second_", Spread, row.full.throughput),
        **columns("reduced_sequences_per_second_", Spread, row.reduced.throughput),
        **columns("times_as_fast_", Ratio, row.times_as_fast),
        "metric": name,
        "metric_unit": row.metric.unit,
        **columns("float32_result_", Sample, row.full.metric(name)),
        **columns("reduced_result_", Sample, row.reduced.metric(name)),
        **columns("difference_", Difference, row.difference),
        "loss_difference": max(proof.losses_reduced, default=None) if proof else None,
        "largest_share_of_band": row.share_of_band,
        "status": row.reduced.status,
        "reason": row.reduced.reason,
    }


def _metric(row: InFewerDigits) -> str:
    return with_unit(row.metric.name, row.metric.unit)


def _results(raw: pd.DataFrame, prefix: str) -> list[str]:
    pairs = zip(raw[f"{prefix}_result_mean"], raw[f"{prefix}_result_sd"], strict=True)
    return [mean_with_deviation(*pair) for pair in pairs]


def _difference(found: Difference | None) -> str:
    if found is None:
        return NOTHING
    interval = "one seed" if found.pairs == 1 else f"{signed(found.low)} to {signed(found.high)}"
    return f"{signed(found.mean)} ({interval})"


def _rounding(row: InFewerDigits) -> str:
    """How far the losses of the proof are from float64, and the share of what rounding explains."""
    proof, share = row.reduced.proof, row.share_of_band
    if proof is None or share is None:
        return NOTHING
    return f"{number(max(proof.losses_reduced), 2)} ({percent(share)})"


def _times(found: Ratio | None) -> str:
    if found is None:
        return NOTHING
    interval = f"{factor(found.low)}–{factor(found.high)}" if found.has_interval else "too few processes"
    return f"{factor(found.median)} ({interval})"


def _status(row: InFewerDigits) -> str:
    status, reason = row.reduced.status, row.reduced.reason
    if not reason:
        return status
    shown = "not comparable" if status == "ok" else status
    return f"**{shown}**: {escape(shorten(after_status(status, reason)))}"
