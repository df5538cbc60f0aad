"""The optimizers over one flat tensor of parameters, which they change in place.

The formulas stand at `adapters.interface.Sgd`, `RmsProp`, `Adam` and `AdamW`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from adapters import interface
from adapters.interface import LearningRate, rate_at
from adapters.schedules import SCHEDULES


class Optimizer(ABC):
    """How a gradient changes the values; `moments` are what the updates so far leave behind."""

    def __init__(self, **moments: Tensor) -> None:
        self.moments = moments

    @abstractmethod
    def update(self, values: Tensor, gradient: Tensor, update: int) -> None:
        """Change the values in place; `update` counts the updates made before this one."""


class Sgd(Optimizer):
    """θ ← θ − η·g."""

    def __init__(self, spec: interface.Sgd, values: Tensor) -> None:
        super().__init__()
        self._rate = rates(spec.learning_rate, values.dtype)

    def update(self, values: Tensor, gradient: Tensor, update: int) -> None:
        values.add_(gradient, alpha=-self._rate(update))


class Momentum(Optimizer):
    """v ← μ·v + g; θ ← θ − η·v."""

    def __init__(self, spec: interface.Sgd, values: Tensor) -> None:
        self._rate, self._momentum = rates(spec.learning_rate, values.dtype), spec.momentum
        self._velocity = torch.zeros_like(values)
        super().__init__(velocity=self._velocity)

    def update(self, values: Tensor, gradient: Tensor, update: int) -> None:
        self._velocity.mul_(self._momentum).add_(gradient)
        values.add_(self.direction(gradient), alpha=-self._rate(update))

    def direction(self, gradient: Tensor) -> Tensor:
        return self._velocity


class Nesterov(Momentum):
    """v ← μ·v + g; θ ← θ − η·(g + μ·v)."""

    def direction(self, gradient: Tensor) -> Tensor:
        return torch.add(gradient, self._velocity, alpha=self._momentum)


class RmsProp(Optimizer):
    """s ← ρ·s + (1−ρ)·g²; θ ← θ − η·g/(√s + ε)."""

    def __init__(self, spec: interface.RmsProp, values: Tensor) -> None:
        self._rate, self._decay = rates(spec.learning_rate, values.dtype), spec.decay
        self._square = torch.zeros_like(values)
        super().__init__(square=self._square)
        self._root = torch.empty_like(values)
        self._epsilon = within_range(spec.epsilon, values.dtype)

    def update(self, values: Tensor, gradient: Tensor, update: int) -> None:
        self._square.mul_(self._decay).addcmul_(gradient, gradient, value=1 - self._decay)
        torch.sqrt(self._square, out=self._root).add_(self._epsilon)
        values.addcdiv_(gradient, self._root, value=-self._rate(update))


class Adam(Optimizer):
    """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), with m ← m + (1−β₁)·(g − m) and v ← β₂·v + (1−β₂)·g².

    Source: Kingma & Ba 2015, end of section 2.
    """

    def __init__(self, spec: interface.Adam | interface.AdamW, values: Tensor) -> None:
        self._spec = spec
        self._mean, self._square = torch.zeros_like(values), torch.zeros_like(values)
        super().__init__(mean=self._mean, square=self._square)
        self._root = torch.empty_like(values)
        self._epsilon = within_range(spec.epsilon, values.dtype)

    def update(self, values: Tensor, gradient: Tensor, update: int) -> None:
        spec, t = self._spec, update + 1
        rate = rate_at(spec.learning_rate, update) * math.sqrt(1 - spec.beta2**t) / (1 - spec.beta1**t)
        self._mean.lerp_(gradient, 1 - spec.beta1)
        self._square.mul_(spec.beta2).addcmul_(gradient, gradient, value=1 - spec.beta2)
        torch.sqrt(self._square, out=self._root).add_(self._epsilon)
        values.addcdiv_(self._mean, self._root, value=-within_range(rate, values.dtype))


class AdamW(Adam):
    """θ ← θ·(1 − η·λ), then as Adam."""

    def __init__(self, spec: interface.AdamW, values: Tensor) -> None:
        super().__init__(spec, values)
        self._learning_rate, self._weight_decay = spec.learning_rate, spec.weight_decay

    def update(self, values: Tensor, gradient: Tensor, update: int) -> None:
        values.mul_(1 - rate_at(self._learning_rate, update) * self._weight_decay)
        super().update(values, gradient, update)


def sgd(spec: interface.Sgd, values: Tensor) -> Optimizer:
    """The simplest of the three forms that there is need for."""
    if spec.momentum == 0:
        return Sgd(spec, values)
    return Nesterov(spec, values) if spec.nesterov else Momentum(spec, values)


OPTIMIZERS: dict[type, Callable[[Any, Tensor], Optimizer]] = {
    interface.Sgd: sgd,
    interface.RmsProp: RmsProp,
    interface.Adam: Adam,
    interface.AdamW: AdamW,
}
"""By the exact type of the spec."""


def rates(learning_rate: LearningRate, dtype: torch.dtype) -> Callable[[int], float]:
    """The rate of an update by its number, found once where it never changes."""
    if type(learning_rate) in SCHEDULES:
        return lambda update: within_range(rate_at(learning_rate, update), dtype)
    constant = within_range(rate_at(learning_rate, 0), dtype)
    return lambda update: constant


def within_range(value: float, dtype: torch.dtype) -> float:
    """The value, or infinity where the dtype's range ends before it; PyTorch would raise there."""
    return value if value <= torch.finfo(dtype).max else math.inf
