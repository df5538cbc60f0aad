"""Whether a result differs between two runs by more than chance and a threshold."""

import numpy as np

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.significance import Change, Finding
from compare.analysis.statistics import paired_difference
from tasks.interface import Metric


def metric_change(
    task: str,
    metric: Metric,
    before: AdapterSummary,
    after: AdapterSummary,
    obstacle: str,
    threshold: float,
    noise: float,
) -> Change:
    """Compare errors, seed by seed: a change counts if it exceeds the threshold and chance.

    Chance: the interval of the differences includes zero; with one seed, they are below twice the `noise`.
    """
    first, second = before.results(metric.name), after.results(metric.name)
    shared = sorted(first.keys() & second.keys())
    means = [
        float(np.mean([values[seed] for seed in shared])) if shared else None for values in (first, second)
    ]
    errors = [{seed: _error(metric, value) for seed, value in values.items()} for values in (first, second)]
    difference = paired_difference(errors[1], errors[0])
    if not obstacle and difference is None:
        obstacle = "no seed in both"
    finding: Finding = "not comparable"
    if not obstacle and difference is not None:
        usual = abs(float(np.mean([errors[0][seed] for seed in shared])))
        large = abs(difference.mean) > threshold * usual
        surely = (
            abs(difference.mean) > 2 * noise
            if difference.pairs == 1
            else difference.low > 0 or difference.high < 0
        )
        worse: Finding = "less accurate" if difference.mean > 0 else "more accurate"
        finding = "no change" if not large else worse if surely else "cannot tell"
    return Change(
        task=task,
        adapter=after.adapter,
        measure=f"{metric.name}, {metric.unit}" if metric.unit else metric.name,
        finding=finding,
        before=means[0],
        after=means[1],
        reason=obstacle,
    )


def _error(metric: Metric, value: float) -> float:
    """A metric as an error, lower is better: of a percentage, what is missing to 100."""
    if metric.better == "lower":
        return value
    return 100 - value if metric.unit == "%" else -value
