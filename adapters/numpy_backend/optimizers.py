"""Update rules over one flat vector of parameters; each writes to the parameters in place."""

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

import numpy as np

from adapters.interface import Adam, Array, Sgd
from adapters.numpy_backend.calls import Calls


class Optimizer(Protocol):
    """A rule that moves the parameters against their gradient, the mean over a batch."""

    def update(self, parameters: Array, gradient_sum: Array, batch: int) -> Calls:
        """The calls of an update; they may use up the array of the sum."""

    def state(self) -> dict[str, Array]:
        """Copies of all that the updates so far have left behind beside the parameters."""

    def restore(self, state: Mapping[str, Array]) -> None:
        """Take that over."""


class SgdRule:
    """θ ← θ − η·g."""

    def __init__(self, spec: Sgd, parameters: Array) -> None:
        self._learning_rate = spec.learning_rate

    def update(self, parameters: Array, gradient_sum: Array, batch: int) -> Calls:
        rate = np.array(self._learning_rate / batch, parameters.dtype)
        yield partial(np.multiply, gradient_sum, rate, gradient_sum)
        yield partial(np.subtract, parameters, gradient_sum, parameters)

    def state(self) -> dict[str, Array]:
        return {}

    def restore(self, state: Mapping[str, Array]) -> None:
        pass


class AdamRule:
    """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε).

    Source: Kingma & Ba 2015, end of section 2.
    """

    def __init__(self, spec: Adam, parameters: Array) -> None:
        self._spec = spec
        self._step = 0
        self._mean = np.zeros_like(parameters)
        self._square = np.zeros_like(parameters)
        self._scratch = np.empty_like(parameters)

    def update(self, parameters: Array, gradient_sum: Array, batch: int) -> Calls:
        mean_over_batch = np.array(1 / batch, parameters.dtype)
        yield partial(np.multiply, gradient_sum, mean_over_batch, gradient_sum)
        yield partial(self.move, parameters, gradient_sum)

    def state(self) -> dict[str, Array]:
        return {"mean": self._mean.copy(), "square": self._square.copy(), "step": np.array(self._step)}

    def restore(self, state: Mapping[str, Array]) -> None:
        self._mean[:], self._square[:] = state["mean"], state["square"]
        self._step = int(state["step"])

    def move(self, parameters: Array, gradient: Array) -> None:
        """One update by the mean gradient."""
        spec, mean, square, scratch = self._spec, self._mean, self._square, self._scratch
        self._step += 1
        rate = spec.learning_rate * math.sqrt(1 - spec.beta2**self._step) / (1 - spec.beta1**self._step)

        np.subtract(gradient, mean, out=scratch)
        scratch *= 1 - spec.beta1
        mean += scratch

        np.multiply(gradient, gradient, out=scratch)
        scratch -= square
        scratch *= 1 - spec.beta2
        square += scratch

        np.sqrt(square, out=scratch)
        scratch += spec.epsilon
        np.divide(mean, scratch, out=scratch)
        scratch *= rate
        parameters -= scratch


def optimizer(spec: Sgd | Adam, parameters: Array) -> Optimizer:
    """The rule that a spec names, for these parameters."""
    rules: dict[type, Callable[..., Optimizer]] = {Sgd: SgdRule, Adam: AdamRule}
    return rules[type(spec)](spec, parameters)
