"""Whether a figure differs between two runs by more than chance and a threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.speeds import process_medians, seed_medians
from compare.analysis.statistics import FEWEST_CLUSTERS, paired_difference
from tasks.interface import Metric

Finding = Literal[
    "no change",
    "cannot tell",
    "faster",
    "slower",
    "more accurate",
    "less accurate",
    "works now",
    "fails now",
    "not comparable",
]
REGRESSIONS: tuple[Finding, ...] = ("slower", "less accurate", "fails now")
SPEED = "sequences/s"
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure in both runs: `ratio` is the second's in multiples of the first's, with its 95 % interval.

    `reason` says why a figure is not comparable, or what fails.
    """

    task: str
    adapter: str
    measure: str
    finding: Finding
    before: float | None = None
    after: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str = ""

    @property
    def regression(self) -> bool:
        return self.finding in REGRESSIONS


def speed_change(
    task: str, before: AdapterSummary, after: AdapterSummary, obstacle: str, threshold: float
) -> Change:
    """Compare times for the same work: changed where the ratio's interval lies beyond the threshold."""
    rates = [s.throughput.median if s.throughput else None for s in (before, after)]
    if not obstacle and min(len(before.rounds), len(after.rounds)) < 2:
        obstacle = "fewer than two rounds"
    if obstacle:
        return Change(
            task=task,
            adapter=after.adapter,
            measure=SPEED,
            finding="not comparable",
            before=rates[0],
            after=rates[1],
            reason=obstacle,
        )
    ratio, low, high = _ratio(after, before)
    return Change(
        task=task,
        adapter=after.adapter,
        measure=SPEED,
        finding=_finding(low, high, threshold),
        before=rates[0],
        after=rates[1],
        ratio=1 / ratio,
        low=1 / high,
        high=1 / low,
    )


def _finding(low: float, high: float, threshold: float) -> Finding:
    """What the interval of a ratio of times means."""
    least, most = 1 / (1 + threshold), 1 + threshold
    if low > most:
        return "slower"
    if high < least:
        return "faster"
    return "no change" if least <= low and high <= most else "cannot tell"


def _ratio(ours: AdapterSummary, theirs: AdapterSummary) -> tuple[float, float, float]:
    """The ratio of our time for the same work to theirs, with its 95 % interval.

    A seed is a sample (Welch's t on logarithms) where both runs have three: what ran within a minute had
    that minute's machine in common. Else a process is; else a round (bootstrap of medians).
    """
    for medians in (seed_medians, process_medians):
        samples = [medians(summary.runs) for summary in (ours, theirs)]
        if min(map(len, samples)) >= FEWEST_CLUSTERS:
            return _ratio_of_means(*samples)
    first, second = (
        np.array([turn.seconds / turn.sequences for turn in summary.rounds]) for summary in (ours, theirs)
    )
    interval = stats.bootstrap(
        (first, second),
        _ratio_of_medians,
        n_resamples=RESAMPLES,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(_ratio_of_medians(first, second)), float(interval.low), float(interval.high)


def _ratio_of_means(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """The ratio of geometric means, with its 95 % interval."""
    first, second = np.log(ours), np.log(theirs)
    interval = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    middle = first.mean() - second.mean()
    return float(np.exp(middle)), float(np.exp(interval.low)), float(np.exp(interval.high))


def _ratio_of_medians(
    ours: NDArray[np.float64], theirs: NDArray[np.float64], axis: int = -1
) -> NDArray[np.float64]:
    quotient: NDArray[np.float64] = np.median(ours, axis=axis) / np.median(theirs, axis=axis)
    return quotient


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
