"""An adapter's speed over many runs: what each says of it, and between which it changed."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Literal

import numpy as np
from scipy import special

from compare.analysis.speeds import process_medians, seed_medians
from compare.analysis.statistics import FEWEST_CLUSTERS, mean_interval
from compare.records.run import Run

ERROR = 0.05
"""With which probability at most one change or more are found where there are none."""

ROUNDING = 1e-12
"""Below which a difference of logarithms is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its 95 % interval, None where `count` samples are too few for one."""

    middle: float
    low: float | None
    high: float | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """What one run measured of an adapter: the time of a sequence in each process, and from each seed.

    Units: seconds.
    """

    processes: tuple[float, ...]
    seeds: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The geometric mean."""
        return math.exp(float(np.mean(np.log(self.seeds))))

    @property
    def speed(self) -> Estimate:
        """Sequences per second; a sample is a process, never a round of one."""
        logarithms = [-math.log(each) for each in self.processes]
        low, high = mean_interval(logarithms)
        enough = len(logarithms) >= FEWEST_CLUSTERS
        return Estimate(
            middle=math.exp(float(np.mean(logarithms))),
            low=math.exp(low) if enough else None,
            high=math.exp(high) if enough else None,
            count=len(logarithms),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePoint:
    """A change of speed: `at` is the first run after it, by its place in the series.

    Runs from `start` on lie before it and those below `end` after it.
    `ratio` is the speed after in multiples of the speed before, with its interval; a sample was a `sample`.
    """

    start: int
    at: int
    end: int
    ratio: float
    low: float
    high: float
    sample: Literal["run", "seed", "process"]


def times_of(runs: Sequence[Run]) -> Times | None:
    """What the runs of one adapter on one task measured; None where nothing was timed."""
    processes, seeds = process_medians(runs), seed_medians(runs)
    return Times(processes=tuple(processes), seeds=tuple(seeds)) if processes else None


def looks_at(length: int, places: Collection[int]) -> int:
    """How often it is asked whether the speed changed, in a series of so many runs."""
    return len(places) * len(_widths(length))


def change_points(series: Sequence[Times], places: Collection[int], looks: int) -> list[ChangePoint]:
    """Where the speed of an adapter changed, of the `places` that are looked at.

    A change is one where the interval of the ratio of the speeds before and after it leaves 1 out, wide
    enough that all `looks` together go wrong once in twenty times (Bonferroni). Where there are six runs and
    more, a sample is a run: what ran on one day had that day's machine in common. The interval is Student's
    on logarithms, with one variance for both sides: Welch's, which `diff` takes, is wrong sixty times as
    often as it says where three samples stand against thirty at such a confidence.
    Source: binary segmentation, Scott & Knott 1974.
    """
    error = ERROR / max(looks, 1)
    found: list[ChangePoint] = []
    parts = [(0, len(series))]
    while parts:
        start, end = parts.pop()
        point = _clearest(series, [at for at in places if start < at < end], (start, end), error)
        if point is not None:
            found.append(point)
            parts += [(start, point.at), (point.at, end)]
    return sorted(found, key=lambda point: point.at)


def _clearest(
    series: Sequence[Times], places: Sequence[int], part: tuple[int, int], error: float
) -> ChangePoint | None:
    """The change of this part of a series that is least likely to be chance, if it is a change at all."""
    by_run = len(series) >= 2 * FEWEST_CLUSTERS
    best: tuple[float, ChangePoint] | None = None
    for at, width in product(places, _widths(len(series))):
        start, end = max(part[0], at - width), min(part[1], at + width)
        found = _samples(series[start:at], series[at:end], by_run)
        if found is None:
            continue
        kind, before, after = found
        chance, ratio, low, high = _faster(before, after, error)
        if chance < error and (best is None or chance < best[0]):
            point = ChangePoint(start=start, at=at, end=end, ratio=ratio, low=low, high=high, sample=kind)
            best = chance, point
    return best and best[1]


def _widths(length: int) -> list[int]:
    """How many runs are looked at on each side of a place: a change and its undoing soon after are two."""
    widths = [length]
    width = FEWEST_CLUSTERS
    while 2 * width < length:
        widths.append(width)
        width *= 2
    return widths


def _faster(
    before: Sequence[float], after: Sequence[float], error: float
) -> tuple[float, float, float, float]:
    """How likely such a difference is by chance, and the ratio of speeds with its interval."""
    first, second = np.log(before), np.log(after)
    freedom = len(first) + len(second) - 2
    squares = sum(float(np.square(side - side.mean()).sum()) for side in (first, second))
    scale = math.sqrt(squares / freedom * (1 / len(first) + 1 / len(second)))
    middle = float(first.mean() - second.mean())
    half = float(-special.stdtrit(freedom, error / 2)) * scale
    chance = 2 * float(special.stdtr(freedom, -abs(middle) / max(scale, ROUNDING)))
    with np.errstate(over="ignore"):  # of times that nobody measures
        ratio, low, high = map(float, np.exp([middle, middle - half, middle + half]))
    return chance, ratio, low, high


def _samples(
    before: Sequence[Times], after: Sequence[Times], by_run: bool
) -> tuple[Literal["run", "seed", "process"], list[float], list[float]] | None:
    """The times of both sides, each by what is a sample; None where these are too few."""
    if by_run:
        pair = [each.middle for each in before], [each.middle for each in after]
        return ("run", *pair) if min(map(len, pair)) >= FEWEST_CLUSTERS else None
    seeds = [list(chain.from_iterable(each.seeds for each in side)) for side in (before, after)]
    if min(map(len, seeds)) >= FEWEST_CLUSTERS:
        return "seed", seeds[0], seeds[1]
    processes = [list(chain.from_iterable(each.processes for each in side)) for side in (before, after)]
    if min(map(len, processes)) >= FEWEST_CLUSTERS:
        return "process", processes[0], processes[1]
    return None
