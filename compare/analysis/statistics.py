"""Samples in few numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Mean and range of `count` samples; the standard deviation of a single one is NaN."""

    mean: float
    sd: float
    minimum: float
    maximum: float
    count: int


def median(values: Sequence[float]) -> float | None:
    return float(np.median(values)) if values else None


def spread(values: Sequence[float]) -> Spread | None:
    if not values:
        return None
    lower, middle, upper = np.percentile(values, [25, 50, 75])
    return Spread(median=float(middle), lower=float(lower), upper=float(upper), count=len(values))


def paired_ratio(ratios: Sequence[float]) -> Ratio | None:
    """The interval comes from order statistics: no distribution is assumed."""
    if not ratios:
        return None
    interval = stats.quantile_test(ratios, p=0.5).confidence_interval(0.95)
    return Ratio(
        median=float(np.median(ratios)), low=float(interval.low), high=float(interval.high), pairs=len(ratios)
    )


def sample(values: Sequence[float]) -> Sample | None:
    if not values:
        return None
    return Sample(
        mean=float(np.mean(values)),
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else math.nan,
        minimum=min(values),
        maximum=max(values),
        count=len(values),
    )
