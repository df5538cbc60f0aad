"""Whether a speed differs between two runs by more than chance and a threshold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.block_changes import BlockChanges, TimesRatio
from compare.analysis.speeds import process_medians, seed_medians
from compare.analysis.statistics import FEWEST_CLUSTERS

Finding = Literal[
    "no change",
    "cannot tell",
    "faster",
    "slower",
    "faster machine",
    "slower machine",
    "more accurate",
    "less accurate",
    "works now",
    "fails now",
    "not comparable",
]
REGRESSIONS: tuple[Finding, ...] = ("slower", "less accurate", "fails now")
_MACHINE_FINDINGS: dict[Finding, Finding] = {"slower": "slower machine", "faster": "faster machine"}

SPEED = "sequences/s"
RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One figure in both runs: `ratio` is the second's in multiples of the first's, with its 95 % interval.

    `reason` says why a figure is not comparable, or what fails; `machine` where it was measured, where there
    are several.
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
    machine: str = ""

    @property
    def regression(self) -> bool:
        return self.finding in REGRESSIONS


def speed_change(
    task: str,
    before: AdapterSummary,
    after: AdapterSummary,
    obstacle: str,
    threshold: float,
    changes: BlockChanges | None,
) -> Change:
    """Compare times for the same work: changed where the ratio's interval lies beyond the threshold.

    Where `changes` of the task inside blocks are known, the ratio is the adapter's own beyond the machine's.
    """
    rates = [s.throughput.median if s.throughput else None for s in (before, after)]
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
    if changes is None:
        ratio, low, high = _ratio(after, before)
        finding = _finding(low, high, threshold)
    else:
        own = changes.own[after.adapter]
        ratio, low, high = own.ratio, own.low, own.high
        finding = _finding_in_blocks(changes, own, threshold)
    return Change(
        task=task,
        adapter=after.adapter,
        measure=SPEED,
        finding=finding,
        before=rates[0],
        after=rates[1],
        ratio=1 / ratio,
        low=1 / high,
        high=1 / low,
        reason=_reason(changes, finding, low, high, threshold),
    )


def _reason(changes: BlockChanges | None, finding: Finding, low: float, high: float, threshold: float) -> str:
    """What more is known where it cannot be told whether the machine changed."""
    alone = changes is not None and finding == "cannot tell"
    return "against the others, no change" if alone and _finding(low, high, threshold) == "no change" else ""


def _finding(low: float, high: float, threshold: float) -> Finding:
    """What the interval of a ratio of times means."""
    least, most = 1 / (1 + threshold), 1 + threshold
    if low > most:
        return "slower"
    if high < least:
        return "faster"
    return "no change" if least <= low and high <= most else "cannot tell"


def _finding_in_blocks(changes: BlockChanges, own: TimesRatio, threshold: float) -> Finding:
    """What an adapter's own change means, beside what all have in common."""
    found = _finding(own.low, own.high, threshold)
    machine = _finding(changes.machine.low, changes.machine.high, threshold)
    if found == "slower" or machine == "no change":
        return found
    return _MACHINE_FINDINGS.get(machine, "cannot tell")


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
