"""The optimizers by hand, over one flat vector of parameters, which they change in place."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy import divide, multiply, sqrt, subtract

from adapters import interface
from adapters.interface import Array
from adapters.numpy_backend.buffers import aligned


class Optimizer(ABC):
    """Moves the parameters against their mean gradient over a batch; what comes is the sum over it."""

    @abstractmethod
    def set_batch(self, batch: int) -> None:
        """Take the sums that come from now on as those of so many sequences."""

    @abstractmethod
    def update(self, parameters: Array, gradient_sum: Array) -> None:
        """Make one update; the sum's array is used up."""

    @abstractmethod
    def state(self) -> dict[str, Array]:
        """Copies of all that the updates so far have left behind beside the parameters."""

    @abstractmethod
    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from there."""


class Sgd(Optimizer):
    """θ ← θ − η·g."""

    def __init__(self, spec: interface.Sgd, parameters: Array) -> None:
        self._learning_rate, self._dtype = interface.rate_at(spec.learning_rate, 0), parameters.dtype

    def set_batch(self, batch: int) -> None:
        self._rate_of_sum = np.array(self._learning_rate / batch, self._dtype)

    def update(self, parameters: Array, gradient_sum: Array) -> None:
        multiply(gradient_sum, self._rate_of_sum, gradient_sum)
        subtract(parameters, gradient_sum, parameters)

    def state(self) -> dict[str, Array]:
        return {}

    def restore(self, state: Mapping[str, Array]) -> None:
        pass


class Adam(Optimizer):
    """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), with m ← m + (1−β₁)·(g − m) and v ← v + (1−β₂)·(g² − v).

    Source: Kingma & Ba 2015, end of section 2.
    """

    def __init__(self, spec: interface.Adam, parameters: Array) -> None:
        self._spec, self._dtype = spec, parameters.dtype
        self._step = 0
        self._mean, self._square, self._scratch = (
            aligned(parameters.shape, parameters.dtype) for _ in range(3)
        )

    def set_batch(self, batch: int) -> None:
        self._one_of_batch = np.array(1 / batch, self._dtype)

    def update(self, parameters: Array, gradient_sum: Array) -> None:
        multiply(gradient_sum, self._one_of_batch, gradient_sum)
        self.move(parameters, gradient_sum)

    def move(self, parameters: Array, gradient: Array) -> None:
        """Make one update by the mean gradient."""
        spec, mean, square, scratch = self._spec, self._mean, self._square, self._scratch
        self._step += 1
        rate = (
            interface.rate_at(spec.learning_rate, 0)
            * math.sqrt(1 - spec.beta2**self._step)
            / (1 - spec.beta1**self._step)
        )

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

    def state(self) -> dict[str, Array]:
        return {"mean": self._mean.copy(), "square": self._square.copy(), "step": np.array(self._step)}

    def restore(self, state: Mapping[str, Array]) -> None:
        self._mean[:], self._square[:] = state["mean"], state["square"]
        self._step = int(state["step"])


OPTIMIZERS: dict[type, Any] = {interface.Sgd: Sgd, interface.Adam: Adam}
"""An optimizer's spec, by its exact type, to the class of the same name here."""
