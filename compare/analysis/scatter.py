"""How far apart the results of adapters on one task are, beside how much they vary by chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from compare.analysis.adapter_summary import AdapterSummary
from tasks.interface import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """How far apart the adapters' results are, and how much they vary between seeds.

    Units: the metric's. `difference` is the largest between two adapters from the same seed,
    `seeds_sd` the largest standard deviation of any adapter over the seeds, NaN with one seed.
    """

    metric: Metric
    lowest: float
    highest: float
    difference: float
    seeds_sd: float
    adapters: int

    @property
    def agree(self) -> bool | None:
        """Whether adapters differ by no more than seeds do; None where one seed cannot tell."""
        if self.difference == 0:
            return True
        return None if math.isnan(self.seeds_sd) else self.difference <= self.seeds_sd


def scatter(adapters: Sequence[AdapterSummary], metric: Metric) -> Scatter | None:
    """Of one metric over all adapters of a task; None where none has a result."""
    results = [result for summary in adapters if (result := summary.metric(metric.name)) is not None]
    if not results:
        return None
    values: dict[int, list[float]] = {}
    for summary in adapters:
        for seed, value in summary.results(metric.name).items():
            values.setdefault(seed, []).append(value)
    return Scatter(
        metric=metric,
        lowest=min(result.mean for result in results),
        highest=max(result.mean for result in results),
        difference=max(max(together) - min(together) for together in values.values()),
        seeds_sd=max((r.sd for r in results if not math.isnan(r.sd)), default=math.nan),
        adapters=len(results),
    )
