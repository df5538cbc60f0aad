"""Medians, ratios and means, with their 95 % intervals."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special, stats

FEWEST_CLUSTERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median and quartiles of `count` samples."""

    median: float
    lower: float
    upper: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """The median of paired ratios with its 95 % interval, NaN where there are too few pairs for one."""

    median: float
    low: float
    high: float
    pairs: int

    @property
    def has_interval(self) -> bool:
        return not math.isnan(self.low)

    @property
    def includes_one(self) -> bool:
        """Whether the interval includes 1: no difference was found."""
        return self.low <= 1 <= self.high

    @property
    def minimum_detectable_difference(self) -> float:
        """Half the width of the interval, as a share: a ratio further from 1 than this is found to differ."""
        return math.sqrt(self.high / self.low) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Mean and range of `count` samples, and the mean's 95 % interval; NaN for fewer than three."""

    mean: float
    sd: float
    minimum: float
    maximum: float
    count: int
    low: float
    high: float

    @property
    def has_interval(self) -> bool:
        return not math.isnan(self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The mean of paired differences with its interval, NaN for a single pair."""

    mean: float
    low: float
    high: float
    pairs: int

    @property
    def has_interval(self) -> bool:
        return not math.isnan(self.low)


def median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def spread(values: Sequence[float]) -> Spread | None:
    if not values:
        return None
    lower, middle, upper = np.percentile(values, [25, 50, 75])
    return Spread(median=float(middle), lower=float(lower), upper=float(upper), count=len(values))


def clustered_ratio(ratios: Sequence[Sequence[float]]) -> Ratio | None:
    """The geometric mean over pairs of processes of the median ratio in each; one pair is one sample.

    Fewer than three pairs are too few to say how processes differ: then there is no interval.
    """
    if not ratios:
        return None
    if len(ratios) < FEWEST_CLUSTERS:
        every = [ratio for cluster in ratios for ratio in cluster]
        return Ratio(median=float(np.median(every)), low=math.nan, high=math.nan, pairs=len(every))
    logarithms = [math.log(float(np.median(cluster))) for cluster in ratios]
    low, high = mean_interval(logarithms)
    return Ratio(
        median=math.exp(float(np.mean(logarithms))),
        low=math.exp(low),
        high=math.exp(high),
        pairs=sum(map(len, ratios)),
    )


def unpaired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> Ratio | None:
    """The ratio of geometric means of two sets of processes; its interval is Welch's, on the logarithms.

    Fewer than three processes on a side are too few for an interval.
    """
    if not (ours and theirs):
        return None
    first, second = np.log(ours), np.log(theirs)
    low = high = math.nan
    if min(len(first), len(second)) >= FEWEST_CLUSTERS:
        found = stats.ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
        low, high = math.exp(found.low), math.exp(found.high)
    middle = math.exp(float(first.mean() - second.mean()))
    return Ratio(median=middle, low=low, high=high, pairs=min(len(first), len(second)))


def sample(values: Sequence[float]) -> Sample | None:
    if not values:
        return None
    low, high = mean_interval(values) if len(values) >= FEWEST_CLUSTERS else (math.nan, math.nan)
    return Sample(
        mean=float(np.mean(values)),
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else math.nan,
        minimum=min(values),
        maximum=max(values),
        count=len(values),
        low=low,
        high=high,
    )


def paired_difference(
    ours: Mapping[int, float], theirs: Mapping[int, float], confidence: float = 0.95
) -> Difference | None:
    """Ours minus theirs, paired by key; None where they share none."""
    differences = [ours[key] - theirs[key] for key in sorted(ours.keys() & theirs.keys())]
    if not differences:
        return None
    low, high = mean_interval(differences, confidence)
    return Difference(mean=float(np.mean(differences)), low=low, high=high, pairs=len(differences))


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a mean by Student's t: NaN for one value, of no width for equal ones."""
    if len(values) < 2:
        return math.nan, math.nan
    mean = float(np.mean(values))
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    half = float(special.stdtrit(len(values) - 1, (1 + confidence) / 2)) * error if error else 0.0
    return mean - half, mean + half
