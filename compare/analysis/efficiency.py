"""How near the adapters come to what the machine can do, and how fast they predict."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from compare.analysis.adapter_summary import Standing
from compare.analysis.statistics import Spread, spread
from compare.analysis.task_summary import TaskStandings
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


def predictions(standing: Standing) -> Predictions | None:
    """Over all calls of all seeds; None where there was none."""
    measured = [run.inference for run in standing.finished if run.inference]
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
    """By adapter, the fastest products that its library did in any of its workers."""
    rates: dict[str, ProductRate] = {}
    for run in runs:
        rate = run.matrix_product
        if rate and (
            run.adapter not in rates or rate.operations_per_second > rates[run.adapter].operations_per_second
        ):
            rates[run.adapter] = rate
    return rates


def limit(runs: Sequence[Run]) -> ProductRate | None:
    """The fastest products of all: what is taken as what the machine can do."""
    return max(product_rates(runs).values(), key=lambda rate: rate.operations_per_second, default=None)


def operations_per_second(task: TaskStandings, standing: Standing) -> float | None:
    """What an adapter's speed comes to in operations of the model's matrix products."""
    operations = task.record.operations_per_sequence
    if standing.throughput is None or operations is None or not standing.comparable:
        return None
    return standing.throughput.median * operations
