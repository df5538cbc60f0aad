"""The optimizers by hand, over one flat vector of parameters, which they change in place."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy import divide, multiply, sqrt, subtract

from adapters import interface
from adapters.interface import Array, rate_at
from adapters.numpy_backend.buffers import aligned
from adapters.schedules import SCHEDULES


class Optimizer(ABC):
    """Moves the parameters against their mean gradient over a batch; what comes is the sum over it.

    `moments`, and `updates`, their number, are all that the updates so far leave behind.
    """

    def __init__(self, spec: Any, parameters: Array, *moments: str) -> None:
        self._spec, self._dtype = spec, parameters.dtype
        self.updates = 0
        self.moments = {name: aligned(parameters.shape, parameters.dtype) for name in moments}

    @abstractmethod
    def set_batch(self, batch: int) -> None:
        """Take the sums that come from now on as those of so many sequences."""

    @abstractmethod
    def update(self, parameters: Array, gradient_sum: Array) -> None:
        """Make one update; the sum's array is used up."""

    def rate(self) -> float:
        """η of the update that is next."""
        return rate_at(self._spec.learning_rate, self.updates)

    def state(self) -> dict[str, Array]:
        """Copies of all that the updates so far have left behind beside the parameters."""
        copies = {name: value.copy() for name, value in self.moments.items()}
        return {**copies, "updates": np.array(self.updates)}

    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from there."""
        for name, value in self.moments.items():
            value[:] = state[name]
        self.updates = int(state["updates"])


class Sgd(Optimizer):
    """θ ← θ − η·g, with the division by the batch in the rate."""

    def __init__(self, spec: interface.Sgd, parameters: Array) -> None:
        super().__init__(spec, parameters)
        self._scheduled = type(spec.learning_rate) in SCHEDULES

    def set_batch(self, batch: int) -> None:
        self._batch = batch
        self._rate_of_sum = np.array(self.rate() / batch, self._dtype)

    def update(self, parameters: Array, gradient_sum: Array) -> None:
        if self._scheduled:
            self._rate_of_sum[...] = self.rate() / self._batch
        multiply(gradient_sum, self._rate_of_sum, gradient_sum)
        subtract(parameters, gradient_sum, parameters)
        self.updates += 1


class ByMean(Optimizer):
    """An optimizer that needs the mean itself."""

    def __init__(self, spec: Any, parameters: Array, *moments: str) -> None:
        super().__init__(spec, parameters, *moments)
        self._scratch = aligned(parameters.shape, parameters.dtype)

    def set_batch(self, batch: int) -> None:
        self._one_of_batch = np.array(1 / batch, self._dtype)

    def update(self, parameters: Array, gradient_sum: Array) -> None:
        multiply(gradient_sum, self._one_of_batch, gradient_sum)
        self._move(parameters, gradient_sum, self.rate())
        self.updates += 1

    @abstractmethod
    def _move(self, parameters: Array, gradient: Array, rate: float) -> None:
        """Make one update by the mean gradient, which is used up, at this rate."""


class Momentum(ByMean):
    """v ← μ·v + g; θ ← θ − η·v."""

    def __init__(self, spec: interface.Sgd, parameters: Array) -> None:
        super().__init__(spec, parameters, "velocity")
        self._velocity = self.moments["velocity"]

    def _move(self, parameters: Array, gradient: Array, rate: float) -> None:
        velocity = self._velocity
        velocity *= self._spec.momentum
        velocity += gradient
        multiply(self._direction(gradient), rate, gradient)
        parameters -= gradient

    def _direction(self, gradient: Array) -> Array:
        return self._velocity


class Nesterov(Momentum):
    """v ← μ·v + g; θ ← θ − η·(g + μ·v)."""

    def _direction(self, gradient: Array) -> Array:
        multiply(self._velocity, self._spec.momentum, self._scratch)
        self._scratch += gradient
        return self._scratch


class RmsProp(ByMean):
    """θ ← θ − η·g/(√s + ε), with s ← s + (1−ρ)·(g² − s)."""

    def __init__(self, spec: interface.RmsProp, parameters: Array) -> None:
        super().__init__(spec, parameters, "square")

    def _move(self, parameters: Array, gradient: Array, rate: float) -> None:
        square, scratch = self.moments["square"], self._scratch
        multiply(gradient, gradient, scratch)
        scratch -= square
        scratch *= 1 - self._spec.decay
        square += scratch

        sqrt(square, scratch)
        scratch += self._spec.epsilon
        divide(gradient, scratch, scratch)
        scratch *= rate
        parameters -= scratch


class Adam(ByMean):
    """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), with m ← m + (1−β₁)·(g − m) and v ← v + (1−β₂)·(g² − v).

    Source: Kingma & Ba 2015, end of section 2.
    """

    def __init__(self, spec: interface.Adam | interface.AdamW, parameters: Array) -> None:
        super().__init__(spec, parameters, "mean", "square")
        self._mean, self._square = self.moments["mean"], self.moments["square"]

    def _move(self, parameters: Array, gradient: Array, rate: float) -> None:
        spec, mean, square, scratch = self._spec, self._mean, self._square, self._scratch
        t = self.updates + 1
        rate = rate * math.sqrt(1 - spec.beta2**t) / (1 - spec.beta1**t)

        subtract(gradient, mean, scratch)
        scratch *= 1 - spec.beta1
        mean += scratch

        multiply(gradient, gradient, scratch)
        scratch -= square
        scratch *= 1 - spec.beta2
        square += scratch

        sqrt(square, scratch)
        scratch += spec.epsilon
        divide(mean, scratch, scratch)
        scratch *= rate
        parameters -= scratch


class AdamW(Adam):
    """θ ← θ·(1 − η·λ), then as Adam."""

    def _move(self, parameters: Array, gradient: Array, rate: float) -> None:
        parameters *= 1 - rate * self._spec.weight_decay
        super()._move(parameters, gradient, rate)


def sgd(spec: interface.Sgd, parameters: Array) -> Optimizer:
    """Plain, with a momentum, or with Nesterov's."""
    if spec.momentum == 0:
        return Sgd(spec, parameters)
    return (Nesterov if spec.nesterov else Momentum)(spec, parameters)


OPTIMIZERS: dict[type, Any] = {
    interface.Sgd: sgd,
    interface.RmsProp: RmsProp,
    interface.Adam: Adam,
    interface.AdamW: AdamW,
}
"""By the exact type of the spec."""
