"""All parameters of a network in one flat tensor, its gradient in another, and the rules that update them."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from adapters.interface import Adam, Array, ModelSpec, Sgd, TrainSpec
from adapters.parameters import shapes


def held(value: float, dtype: torch.dtype) -> float:
    """The value as the dtype holds it: infinite where it is beyond the dtype's range."""
    return value if value <= torch.finfo(dtype).max else math.inf


class Rule(ABC):
    """How a gradient changes the values; `moments` and `step` are what the updates so far leave behind."""

    def __init__(self, **moments: Tensor) -> None:
        self.moments = moments
        self.step = 0

    @abstractmethod
    def update(self, values: Tensor, gradient: Tensor) -> None:
        """Change the values in place."""


class SgdRule(Rule):
    """θ ← θ − η·g."""

    def __init__(self, spec: Sgd, values: Tensor) -> None:
        super().__init__()
        self._rate = held(spec.learning_rate, values.dtype)

    def update(self, values: Tensor, gradient: Tensor) -> None:
        values.add_(gradient, alpha=-self._rate)


class AdamRule(Rule):
    """As `adapters.interface.Adam` has it."""

    def __init__(self, spec: Adam, values: Tensor) -> None:
        self._spec = spec
        self._mean, self._square = torch.zeros_like(values), torch.zeros_like(values)
        super().__init__(mean=self._mean, square=self._square)
        self._root = torch.empty_like(values)
        self._epsilon = held(spec.epsilon, values.dtype)

    def update(self, values: Tensor, gradient: Tensor) -> None:
        spec = self._spec
        self.step += 1
        rate = spec.learning_rate * math.sqrt(1 - spec.beta2**self.step) / (1 - spec.beta1**self.step)
        self._mean.lerp_(gradient, 1 - spec.beta1)
        self._square.mul_(spec.beta2).addcmul_(gradient, gradient, value=1 - spec.beta2)
        torch.sqrt(self._square, out=self._root).add_(self._epsilon)
        values.addcdiv_(self._mean, self._root, value=-held(rate, values.dtype))


RULES: dict[type, Callable[[Any, Tensor], Rule]] = {Sgd: SgdRule, Adam: AdamRule}


class Weights:
    """A model's parameters, their gradient, both flat in canonical order, and the update of a `TrainSpec`."""

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], device: torch.device
    ) -> None:
        self._shapes = shapes(model)
        flat = np.concatenate([np.ravel(parameters[name]) for name in self._shapes]).astype(train.dtype)
        self.values = torch.tensor(flat, device=device)
        self.gradient = torch.zeros_like(self.values)
        spec, limit = train.optimizer, train.clip_value
        self._rule = RULES[type(spec)](spec, self.values)
        self._limit = None if limit is None else held(limit, self.values.dtype)

    def named(self, flat: Tensor) -> dict[str, Tensor]:
        """Views of a flat tensor under the canonical names, in their shapes."""
        parts = torch.split(flat, [math.prod(shape) for shape in self._shapes.values()])
        return {
            name: part.view(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)
        }

    def update(self) -> None:
        """Clip the gradient where the spec says so, and follow it."""
        if self._limit is not None:
            self.gradient.clamp_(-self._limit, self._limit)
        self._rule.update(self.values, self.gradient)

    def state(self) -> dict[str, Array]:
        """Copies of all that the next update depends on, but for its gradient."""
        copies = {name: tensor.cpu().numpy().copy() for name, tensor in self._changing().items()}
        return {**copies, "step": np.array(self._rule.step)}

    @torch.inference_mode()
    def restore(self, state: Mapping[str, Array]) -> None:
        """Take such copies over, in place."""
        for name, tensor in self._changing().items():
            tensor.copy_(torch.tensor(state[name]))
        self._rule.step = int(state["step"])

    def _changing(self) -> dict[str, Tensor]:
        return {"parameters": self.values, **self._rule.moments}
