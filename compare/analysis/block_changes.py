"""How times changed between two runs, inside blocks: what all adapters share is the machine's."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.speeds import process_times, seed_times
from compare.analysis.statistics import FEWEST_CLUSTERS

FEWEST_ADAPTERS = 2

Times = NDArray[np.float64]
"""Logarithms of an adapter's times for the same work, block by block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimesRatio:
    """Times after in multiples of those before, with the 95 % interval."""

    ratio: float
    low: float
    high: float

    def is_below(self, threshold: float) -> bool:
        """Whether the interval lies below 1 by more than the threshold, a share."""
        return self.high < 1 / (1 + threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockChanges:
    """What changed on a task: `machine` for all adapters alike, `own` for each beyond that, by name."""

    machine: TimesRatio
    own: Mapping[str, TimesRatio]


def block_changes(
    before: Sequence[AdapterSummary], after: Sequence[AdapterSummary], threshold: float
) -> BlockChanges | None:
    """The changes of the adapters of a task, which are the same in both runs, in the same order.

    A block is a seed where both runs have three, else a process. An adapter's own change is that against the
    median of the others in the same blocks, so that a minute, a day or a machine that was slow for all
    cancels. None where that cannot be told: there is one adapter, there are fewer than three blocks, or one
    adapter gained on the others by more than the threshold, a share, so that they may have lost instead.
    """
    found = _paired_times(before, after)
    if found is None:
        return None
    first, second = _without_levels(*found)
    names = [summary.adapter for summary in before]
    own = {}
    for place, name in enumerate(names):
        others = _others(first, second, place)
        own[name] = _ratio(first[place] - others[0], second[place] - others[1])
    if any(each.is_below(threshold) for each in own.values()):
        return None
    return BlockChanges(machine=_ratio(np.median(first, axis=0), np.median(second, axis=0)), own=own)


def _paired_times(
    before: Sequence[AdapterSummary], after: Sequence[AdapterSummary]
) -> tuple[Times, Times] | None:
    """By adapter and block; None where there are too few of either."""
    if len(before) < FEWEST_ADAPTERS:
        return None
    for times in (seed_times, process_times):
        found = [_shared_blocks([times(each.runs) for each in summaries]) for summaries in (before, after)]
        if min(each.shape[1] for each in found) >= FEWEST_CLUSTERS:
            return found[0], found[1]
    return None


def _shared_blocks(times: Sequence[Mapping[tuple[int, ...], float]]) -> Times:
    """The logarithms for the blocks that all adapters have."""
    blocks = sorted(set.intersection(*(set(each) for each in times)))
    return np.array([[math.log(each[block]) for block in blocks] for each in times])


def _without_levels(first: Times, second: Times) -> tuple[Times, Times]:
    """Both without what each adapter took in the first run, so that adapters can be compared."""
    levels = first.mean(axis=1, keepdims=True)
    return first - levels, second - levels


def _others(first: Times, second: Times, place: int) -> tuple[Times, Times]:
    """What the other adapters took in each block of both runs: the median, or of two the less changed."""
    rest = [np.delete(times, place, axis=0) for times in (first, second)]
    if len(rest[0]) == 2:
        changes = np.abs(rest[1].mean(axis=1) - rest[0].mean(axis=1))
        rest = [times[[int(np.argmin(changes))]] for times in rest]
    return np.median(rest[0], axis=0), np.median(rest[1], axis=0)


def _ratio(before: Times, after: Times) -> TimesRatio:
    """By Welch's t; blocks that are all alike have an interval of no width."""
    middle = float(after.mean() - before.mean())
    low = high = middle
    if np.ptp(before) > 0 or np.ptp(after) > 0:
        interval = stats.ttest_ind(after, before, equal_var=False).confidence_interval(0.95)
        low, high = float(interval.low), float(interval.high)
    return TimesRatio(ratio=math.exp(middle), low=math.exp(low), high=math.exp(high))
