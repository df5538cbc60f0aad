"""Clipping and the update rules on one flat vector of parameters, which they change in place."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from adapters.interface import Adam, AdamW, Array, Optimizer, RmsProp, Sgd, rate_at
from adapters.numba_backend.compiling import compiled


class Moments(NamedTuple):
    """What updates leave behind: the momentum's velocity or Adam's m; the s of RMSprop or Adam's v."""

    mean: Array
    square: Array


def sgd(parameters: Array, gradient: Array, moments: Moments, rates: Array, constants: Array) -> None:
    """θ ← θ − η·g."""
    for n in range(len(parameters)):
        parameters[n] -= rates[0] * gradient[n]


def momentum(parameters: Array, gradient: Array, moments: Moments, rates: Array, constants: Array) -> None:
    """v ← μ·v + g; θ ← θ − η·v."""
    for n in range(len(parameters)):
        moments.mean[n] = constants[0] * moments.mean[n] + gradient[n]
        parameters[n] -= rates[0] * moments.mean[n]


def nesterov(parameters: Array, gradient: Array, moments: Moments, rates: Array, constants: Array) -> None:
    """v ← μ·v + g; θ ← θ − η·(g + μ·v)."""
    for n in range(len(parameters)):
        moments.mean[n] = constants[0] * moments.mean[n] + gradient[n]
        parameters[n] -= rates[0] * (gradient[n] + constants[0] * moments.mean[n])


def rms_prop(parameters: Array, gradient: Array, moments: Moments, rates: Array, constants: Array) -> None:
    """s ← s + (1−ρ)·(g² − s); θ ← θ − η·g/(√s + ε)."""
    for n in range(len(parameters)):
        moments.square[n] += constants[0] * (gradient[n] * gradient[n] - moments.square[n])
        parameters[n] -= rates[0] * (gradient[n] / (np.sqrt(moments.square[n]) + constants[1]))


def adam(parameters: Array, gradient: Array, moments: Moments, rates: Array, constants: Array) -> None:
    """θ ← θ·(1 − η·λ) − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), m ← m + (1−β₁)·(g − m), v ← v + (1−β₂)·(g² − v).

    Source: Kingma & Ba 2015, end of section 2; Loshchilov & Hutter 2019.
    """
    for n in range(len(parameters)):
        moments.mean[n] += constants[0] * (gradient[n] - moments.mean[n])
        moments.square[n] += constants[1] * (gradient[n] * gradient[n] - moments.square[n])
        step = rates[0] * (moments.mean[n] / (np.sqrt(moments.square[n]) + constants[2]))
        parameters[n] = parameters[n] * rates[1] - step


class Rule(NamedTuple):
    """An update rule, what it is told once, and before each update: η and what decay leaves of θ."""

    update: Any
    constants: tuple[float, ...]
    rates: Callable[[int], tuple[float, float]]


def _sgd(spec: Sgd) -> Rule:
    update = sgd if spec.momentum == 0 else nesterov if spec.nesterov else momentum
    return Rule(update, (spec.momentum,), lambda n: (rate_at(spec.learning_rate, n), 1.0))


def _rms_prop(spec: RmsProp) -> Rule:
    constants = (1 - spec.decay, spec.epsilon)
    return Rule(rms_prop, constants, lambda n: (rate_at(spec.learning_rate, n), 1.0))


def _adam(spec: Adam | AdamW) -> Rule:
    def rates(n: int) -> tuple[float, float]:
        rate, t = rate_at(spec.learning_rate, n), n + 1
        return rate * math.sqrt(1 - spec.beta2**t) / (1 - spec.beta1**t), 1.0

    return Rule(adam, (1 - spec.beta1, 1 - spec.beta2, spec.epsilon), rates)


def _adamw(spec: AdamW) -> Rule:
    as_adam = _adam(spec)

    def rates(n: int) -> tuple[float, float]:
        return as_adam.rates(n)[0], 1 - rate_at(spec.learning_rate, n) * spec.weight_decay

    return Rule(as_adam.update, as_adam.constants, rates)


RULES: dict[type[Optimizer], Callable[[Any], Rule]] = {
    Sgd: _sgd,
    RmsProp: _rms_prop,
    Adam: _adam,
    AdamW: _adamw,
}
"""By the exact type of the spec."""


@compiled
def clip(gradient: Array, value: float, norm: float) -> None:
    """Every element to [−c, c], or g ← g·c/max(‖g‖, c); no limit is infinite."""
    if value < np.inf:
        for n in range(len(gradient)):
            gradient[n] = np.minimum(np.maximum(gradient[n], -value), value)
    if norm < np.inf:
        total = 0.0
        for n in range(len(gradient)):
            total += np.float64(gradient[n]) ** 2
        if total > norm * norm:
            gradient *= gradient.dtype.type(norm / math.sqrt(total))
