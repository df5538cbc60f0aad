"""Update rules over one flat vector of parameters; each writes to the parameters in place."""

import math
from typing import Protocol

import numpy as np

from adapters.interface import Adam, Array, Sgd


class Optimizer(Protocol):
    """A rule that moves the parameters against a gradient; the gradient's array may be used up."""

    def update(self, parameters: Array, gradient: Array) -> None: ...


class SgdRule:
    """θ ← θ − η·g."""

    def __init__(self, spec: Sgd) -> None:
        self._learning_rate = spec.learning_rate

    def update(self, parameters: Array, gradient: Array) -> None:
        gradient *= self._learning_rate
        parameters -= gradient


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

    def update(self, parameters: Array, gradient: Array) -> None:
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
    return SgdRule(spec) if isinstance(spec, Sgd) else AdamRule(spec, parameters)
