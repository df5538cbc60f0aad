"""Tables of one task's costs: training, predicting, starting, memory, and the machine's limit."""

import math
from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from compare.analysis.efficiency import machine_limit, operations_per_second, predictions
from compare.analysis.statistics import Ratio, Spread
from compare.analysis.task_summary import TaskSummary
from compare.records.run import Run
from compare.report.tables.table import Table, columns, times_fastest
from compare.text import NOTHING, escape, factor, mebibytes, number, percent, seconds, slug


def throughput_table(task: TaskSummary) -> Table | None:
    """Warm speeds, pooled over rounds and seeds, and ratios of times; None where none was measured."""
    if not any(summary.throughput for summary in task.adapters):
        return None
    raw = pd.DataFrame(
        {
            "adapter": summary.adapter,
            "status": summary.status,
            "comparable": summary.comparable,
            **columns("sequences_per_second_", Spread, summary.throughput),
            "warm_up_rounds": summary.warm_ups,
            "sequences_a_call": summary.sequences_a_call,
            "epoch_sequences_per_second": summary.epoch_throughput,
            "gpu_kernels_an_update": summary.gpu_kernels,
            **columns("times_fastest_", Ratio, summary.times_fastest),
            "times_fastest_finding": finding(summary.times_fastest),
            **columns("times_baseline_", Ratio, summary.times_baseline),
            "times_baseline_finding": finding(summary.times_baseline),
        }
        for summary in task.adapters
    )
    shown = {
        "Adapter": raw["adapter"].map(escape),
        "Sequences/s": raw["sequences_per_second_median"].map(number),
        "Quartiles": ranges(raw["sequences_per_second_lower"], raw["sequences_per_second_upper"], number),
        "Rounds": raw["sequences_per_second_count"].map(number),
        "Warm-up": raw["warm_up_rounds"].map(str),
        "Time, × fastest": times_fastest(raw),
        "95 % interval": ranges(raw["times_fastest_low"], raw["times_fastest_high"], factor),
        "Finding": raw["times_fastest_finding"],
        "Sequences a call": raw["sequences_a_call"].map(number),
        "Sequences/s, an epoch a call": raw["epoch_sequences_per_second"].map(number),
    }
    if raw["gpu_kernels_an_update"].notna().any():
        shown["GPU kernels an update"] = raw["gpu_kernels_an_update"].map(number)
    if task.baseline:
        shown |= {
            f"Time, × {escape(task.baseline)}": raw["times_baseline_median"].map(factor),
            "Its interval": ranges(raw["times_baseline_low"], raw["times_baseline_high"], factor),
            "Its finding": raw["times_baseline_finding"],
        }
    return _table(task, "throughput", raw, shown, ("Finding", "Its finding"))


def predictions_table(task: TaskSummary) -> Table | None:
    """Latency of one sequence and throughput of many; None where nothing was predicted."""
    found = [(summary, predictions(summary)) for summary in task.adapters]
    if not any(measured for _, measured in found):
        return None
    batch = next(measured.batch for _, measured in found if measured)
    raw = pd.DataFrame(
        {
            "adapter": summary.adapter,
            "status": summary.status,
            "latency_median_seconds": measured.median_seconds if measured else math.nan,
            "latency_percentile99_seconds": measured.percentile99_seconds if measured else math.nan,
            "calls": measured.calls if measured else math.nan,
            "batch": batch,
            **columns("sequences_per_second_", Spread, measured.rate if measured else None),
        }
        for summary, measured in found
    )
    shown = {
        "Adapter": raw["adapter"].map(escape),
        "Latency, ms": [number(1e3 * value) for value in raw["latency_median_seconds"]],
        "99th percentile, ms": [number(1e3 * value) for value in raw["latency_percentile99_seconds"]],
        "Calls": raw["calls"].map(number),
        "Sequences/s, one a call": [number(1 / value) for value in raw["latency_median_seconds"]],
        f"Sequences/s, {batch} a call": raw["sequences_per_second_median"].map(number),
        "Quartiles": ranges(raw["sequences_per_second_lower"], raw["sequences_per_second_upper"], number),
    }
    return _table(task, "predictions", raw, shown)


def limit_table(task: TaskSummary, runs: Sequence[Run]) -> Table | None:
    """Speeds in operations per second, beside the machine's limit; None where that is unknown."""
    machine = machine_limit(runs)
    if machine is None or not any(operations_per_second(task, summary) for summary in task.adapters):
        return None
    raw = pd.DataFrame(
        {
            "adapter": summary.adapter,
            "operations_per_sequence": task.record.operations_per_sequence,
            "operations_per_second": rate if (rate := operations_per_second(task, summary)) else math.nan,
            "limit_operations_per_second": machine.operations_per_second,
            "limit_kernel": machine.kernel,
        }
        for summary in task.adapters
    )
    raw["share"] = raw["operations_per_second"] / raw["limit_operations_per_second"]
    shown = {
        "Adapter": raw["adapter"].map(escape),
        "Achieved, GFLOP/s": [number(value / 1e9) for value in raw["operations_per_second"]],
        "Share of the limit": raw["share"].map(percent),
    }
    return _table(task, "limit", raw, shown)


def startup_table(task: TaskSummary) -> Table | None:
    """Cold costs by phase, the median over seeds; None where nobody came so far."""
    runs = [run for summary in task.adapters for run in summary.measured]
    phases = list(dict.fromkeys(phase for run in runs for phase in run.cold_seconds))
    if not phases:
        return None
    raw = pd.DataFrame(
        {
            "adapter": summary.adapter,
            "status": summary.status,
            **{f"{phase}_seconds": summary.cold_seconds(phase) for phase in phases},
            "evaluate_seconds": summary.evaluate_seconds,
            "first_train_excess_seconds": summary.first_train_excess_seconds,
            "startup_seconds": summary.startup_seconds,
        }
        for summary in task.adapters
    )
    shown = {
        "Adapter": raw["adapter"].map(escape),
        **{f"{_words(phase)}, s": raw[f"{phase}_seconds"].map(seconds) for phase in phases},
        "First train minus a warm one, s": raw["first_train_excess_seconds"].map(seconds),
        "Together, s": raw["startup_seconds"].map(seconds),
        "An evaluation, s": raw["evaluate_seconds"].map(seconds),
    }
    return _table(task, "startup", raw, shown)


def memory_table(task: TaskSummary) -> Table | None:
    """Resident size of the worker, the largest of any seed; None where it was not measured."""
    if not any(summary.import_rss_bytes or summary.peak_rss_bytes for summary in task.adapters):
        return None
    raw = pd.DataFrame(
        {
            "adapter": summary.adapter,
            "import_rss_bytes": summary.import_rss_bytes,
            "peak_rss_bytes": summary.peak_rss_bytes,
            "own_rss_bytes": summary.own_rss_bytes,
        }
        for summary in task.adapters
    )
    shown = {
        "Adapter": raw["adapter"].map(escape),
        "After import": raw["import_rss_bytes"].map(mebibytes),
        "Peak": raw["peak_rss_bytes"].map(mebibytes),
        "Peak above import": raw["own_rss_bytes"].map(mebibytes),
    }
    return _table(task, "memory", raw, shown)


def finding(times: Ratio | None) -> str:
    """What a ratio means, in words; nothing for an adapter against itself."""
    if times is None or times.low == times.high == 1:
        return NOTHING
    if not times.has_interval:
        return "too few rounds"
    return "no difference found" if times.includes_one else "slower" if times.median > 1 else "faster"


def _table(
    task: TaskSummary,
    kind: str,
    raw: pd.DataFrame,
    shown: Mapping[str, object],
    words: tuple[str, ...] = (),
) -> Table:
    return Table(
        name=f"{slug(task.record.name)}-{kind}",
        raw=raw,
        shown=pd.DataFrame(shown),
        text_columns=("Adapter", *words),
    )


def _words(name: str) -> str:
    return escape(name.replace("_", " ").capitalize())


def ranges(lower: pd.Series, upper: pd.Series, show: Callable[[float], str]) -> list[str]:
    """Each range as `lower–upper`; a dash where there is none."""
    return [
        NOTHING if math.isnan(low) or low == high else f"{show(low)}–{show(high)}"
        for low, high in zip(lower, upper, strict=True)
    ]
