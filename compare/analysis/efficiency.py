"""How near adapters come to the machine's limit, and how fast they predict."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adapters.dtypes import REDUCED
from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.statistics import Spread, spread
from compare.analysis.task_summary import TaskSummary
from compare.records.run import ProductRate, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """How long a single prediction took, and how fast many at once were.

    Units: seconds a call of one sequence; `rate` in sequences per second, `batch` at once.
    """

    median_seconds: float
    percentile99_seconds: float
    calls: int
    batch: int
    rate: Spread


def predictions(summary: AdapterSummary) -> Predictions | None:
    """Latency and throughput of `predict` over all calls of all seeds; None where there were none."""
    measured = [run.inference for run in summary.finished if run.inference]
    single = [seconds for inference in measured for seconds in inference.single_seconds]
    rate = spread(
        [inference.batch / seconds for inference in measured for seconds in inference.batch_seconds]
    )
    if not single or rate is None:
        return None
    middle, high = np.percentile(single, [50, 99])
    return Predictions(
        median_seconds=float(middle),
        percentile99_seconds=float(high),
        calls=len(single),
        batch=measured[0].batch,
        rate=rate,
    )


def product_rates(runs: Sequence[Run]) -> dict[str, ProductRate]:
    """By adapter, the fastest matrix product that its library did in any of its workers."""
    rates: dict[str, ProductRate] = {}
    for run in runs:
        rate = run.matrix_product
        if rate and (
            run.adapter not in rates or rate.operations_per_second > rates[run.adapter].operations_per_second
        ):
            rates[run.adapter] = rate
    return rates


def machine_limit(runs: Sequence[Run]) -> ProductRate | None:
    """The fastest matrix product of all: taken as the most that the machine can do."""
    return max(product_rates(runs).values(), key=lambda rate: rate.operations_per_second, default=None)


def operations_per_second(task: TaskSummary, summary: AdapterSummary) -> float | None:
    """An adapter's speed in operations of the model's matrix products; None where it is not known.

    None in fewer digits than float32, too, of which the machine's limit says nothing.
    """
    operations = task.record.operations_per_sequence
    if task.record.train.get("dtype") in REDUCED:
        return None
    if summary.throughput is None or operations is None or not summary.comparable:
        return None
    return summary.throughput.median * operations
