"""The optimizers over one flat tensor of parameters, which they change in place."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from adapters import interface


class Optimizer(ABC):
    """How a gradient changes the values; `moments` and `step` are what the updates so far leave behind."""

    def __init__(self, **moments: Tensor) -> None:
        self.moments = moments
        self.step = 0

    @abstractmethod
    def update(self, values: Tensor, gradient: Tensor) -> None:
        """Change the values in place."""


class Sgd(Optimizer):
    """θ ← θ − η·g."""

    def __init__(self, spec: interface.Sgd, values: Tensor) -> None:
        super().__init__()
        self._rate = within_range(interface.rate_at(spec.learning_rate, 0), values.dtype)

    def update(self, values: Tensor, gradient: Tensor) -> None:
        values.add_(gradient, alpha=-self._rate)


class Adam(Optimizer):
    """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), with m ← m + (1−β₁)·(g − m) and v ← β₂·v + (1−β₂)·g².

    Source: Kingma & Ba 2015, end of section 2.
    """

    def __init__(self, spec: interface.Adam, values: Tensor) -> None:
        self._spec = spec
        self._mean, self._square = torch.zeros_like(values), torch.zeros_like(values)
        super().__init__(mean=self._mean, square=self._square)
        self._root = torch.empty_like(values)
        self._epsilon = within_range(spec.epsilon, values.dtype)

    def update(self, values: Tensor, gradient: Tensor) -> None:
        spec = self._spec
        learning_rate = interface.rate_at(spec.learning_rate, self.step)
        self.step += 1
        rate = learning_rate * math.sqrt(1 - spec.beta2**self.step) / (1 - spec.beta1**self.step)
        self._mean.lerp_(gradient, 1 - spec.beta1)
        self._square.mul_(spec.beta2).addcmul_(gradient, gradient, value=1 - spec.beta2)
        torch.sqrt(self._square, out=self._root).add_(self._epsilon)
        values.addcdiv_(self._mean, self._root, value=-within_range(rate, values.dtype))


OPTIMIZERS: dict[type, Callable[[Any, Tensor], Optimizer]] = {interface.Sgd: Sgd, interface.Adam: Adam}
"""By the exact type of the spec."""


def within_range(value: float, dtype: torch.dtype) -> float:
    """The value, or infinity where the dtype's range ends before it; PyTorch would raise there."""
    return value if value <= torch.finfo(dtype).max else math.inf
