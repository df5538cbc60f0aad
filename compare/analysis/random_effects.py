"""A ratio over kinds of machine, each a draw from all that there might be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

FEWEST_MACHINES = 3

_LEAST_VARIANCE = 1e-12
"""Of a logarithm: processes that are all alike do not make a machine count for everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one kind of machine says: the logarithm of a ratio, and the variance of that."""

    log_ratio: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OverMachines:
    """A ratio over kinds of machine with its 95 % interval; so many kinds.

    `spread` is the factor by which kinds of machine differ from the ratio, as a standard deviation of
    logarithms has it: 1 where they differ by no more than their own intervals explain.
    """

    ratio: float
    low: float
    high: float
    spread: float
    machines: int


def over_machines(estimates: Sequence[Estimate]) -> OverMachines | None:
    """The ratio over kinds of machine; None for fewer than three, which do not say how kinds differ."""
    if len(estimates) < FEWEST_MACHINES:
        return None
    variance = variance_between(estimates)
    mean, error = mean_and_error(estimates, variance)
    reach = float(stats.t.ppf(0.975, len(estimates) - 1)) * error
    return OverMachines(
        ratio=math.exp(mean),
        low=math.exp(mean - reach),
        high=math.exp(mean + reach),
        spread=math.exp(math.sqrt(variance)),
        machines=len(estimates),
    )


def variance_between(estimates: Sequence[Estimate]) -> float:
    """The variance between kinds of machine, beyond that of each.

    Source: Paule & Mandel 1982. Unlike that of DerSimonian & Laird it leans on no machine whose few processes
    happened to agree.
    """
    values, variances = _arrays(estimates)

    def excess(between: float) -> float:
        weights = 1 / (variances + between)
        mean = np.average(values, weights=weights)
        return float(np.sum(weights * (values - mean) ** 2)) - (len(values) - 1)

    if excess(0.0) <= 0:
        return 0.0
    most = len(values) * float(np.ptp(values)) ** 2
    return float(optimize.brentq(excess, 0.0, most, xtol=1e-12))


def mean_and_error(estimates: Sequence[Estimate], variance: float) -> tuple[float, float]:
    """The mean over kinds of machine, and its standard error, which goes with Student's t.

    Source: Hartung & Knapp 2001, Sidik & Jonkman 2002; never below the error that the variances alone give,
    as Röver, Knapp & Friede 2015 advise for few.
    """
    values, variances = _arrays(estimates)
    weights = 1 / (variances + variance)
    mean = np.average(values, weights=weights)
    scale = np.sum(weights * (values - mean) ** 2) / (len(values) - 1)
    return float(mean), math.sqrt(max(1.0, float(scale)) / float(weights.sum()))


def _arrays(estimates: Sequence[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    values = np.array([each.log_ratio for each in estimates])
    return values, np.array([max(each.variance, _LEAST_VARIANCE) for each in estimates])
