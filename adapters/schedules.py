"""Learning rates: a number, or a schedule, which is a function of the number of updates made before."""

import math
from dataclasses import dataclass
from typing import Literal

from adapters.requirements import (
    is_number,
    keep_plain_values,
    require,
    require_count,
    require_fraction,
    require_not_negative,
    require_positive,
)

ScheduleName = Literal["cosine", "exponential"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosine:
    """Up in a straight line to `peak` over `warm_up` updates, then down half a cosine to `floor`.

    n < warm_up: peak·(n+1)/warm_up; then floor + (peak − floor)·½(1 + cos(π·p)) with
    p = (n − warm_up)/(updates − warm_up), at most 1.

    Raises: ValueError unless warm_up < updates and floor ≤ peak.
    Source: Loshchilov & Hutter 2017, a single cycle; the warm-up of Goyal et al. 2017.
    """

    peak: float
    updates: int
    warm_up: int = 0
    floor: float = 0.0

    def __post_init__(self) -> None:
        keep_plain_values(self)
        require_positive("peak", self.peak)
        require_count("updates", self.updates)
        require_count("warm_up", self.warm_up, least=0)
        require_not_negative("floor", self.floor)
        require(
            self.warm_up < self.updates,
            f"warm_up is {self.warm_up}: it must be less than updates, {self.updates}",
        )
        require(self.floor <= self.peak, f"floor is {self.floor}: it must not exceed peak, {self.peak}")

    def rate(self, update: int) -> float:
        """The rate of an update, counted from 0."""
        if update < self.warm_up:
            return self.peak * (update + 1) / self.warm_up
        progress = min(1.0, (update - self.warm_up) / (self.updates - self.warm_up))
        return self.floor + (self.peak - self.floor) * 0.5 * (1.0 + math.cos(math.pi * progress))


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """start·decay^(n/every), smoothly: the rate is `decay` times as large after `every` updates.

    Raises: ValueError for a value outside its domain.
    """

    start: float
    decay: float
    every: int

    def __post_init__(self) -> None:
        keep_plain_values(self)
        require_positive("start", self.start)
        require_fraction("decay", self.decay)
        require_count("every", self.every)

    def rate(self, update: int) -> float:
        """The rate of an update, counted from 0."""
        return float(self.start * self.decay ** (update / self.every))


LearningRate = float | Cosine | Exponential
SCHEDULES: dict[type, ScheduleName] = {Cosine: "cosine", Exponential: "exponential"}
"""By their exact class, under the names that declarations use."""


def rate_at(learning_rate: LearningRate, update: int) -> float:
    """The rate η of an update, a Python float; `update` counts those made before it since construction."""
    if isinstance(learning_rate, int | float):
        return float(learning_rate)
    return learning_rate.rate(update)


def require_learning_rate(value: object) -> None:
    """Raise a ValueError unless the value is a finite number above 0 or one of the schedules."""
    if type(value) not in SCHEDULES:
        require(
            is_number(value) and value > 0,
            f"learning_rate is {value!r}: it must be a finite number above 0, a Cosine or an Exponential",
        )
