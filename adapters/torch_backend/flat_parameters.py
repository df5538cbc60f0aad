"""All parameters of a model in one flat tensor, and their gradient in another."""

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from adapters.interface import Array, ModelSpec, TrainSpec
from adapters.parameters import shapes
from adapters.torch_backend.clipping import clipping
from adapters.torch_backend.optimizers import OPTIMIZERS


class FlatParameters:
    """A model's parameters and their gradient, flat in canonical order, and the updates of a `TrainSpec`."""

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], device: torch.device
    ) -> None:
        self._shapes = shapes(model)
        flat = np.concatenate([np.ravel(parameters[name]) for name in self._shapes]).astype(train.kept_dtype)
        self.values = torch.tensor(flat, device=device)
        self.gradient = torch.zeros_like(self.values)
        self._optimizer = OPTIMIZERS[type(train.optimizer)](train.optimizer, self.values)
        self._clip = clipping(train, self.values.dtype)
        self._updates = 0

    def named(self, flat: Tensor) -> dict[str, Tensor]:
        """Views of a flat tensor under the canonical names, in their shapes."""
        parts = torch.split(flat, [math.prod(shape) for shape in self._shapes.values()])
        return {
            name: part.view(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)
        }

    def update(self) -> None:
        """Clip the gradient where the spec says so, and make one update by it."""
        if self._clip is not None:
            self._clip(self.gradient)
        self._optimizer.update(self.values, self.gradient, self._updates)
        self._updates += 1

    def state(self) -> dict[str, Array]:
        """Copies of all that the next update depends on, but for its gradient."""
        copies = {name: tensor.cpu().numpy().copy() for name, tensor in self._changing().items()}
        return {**copies, "updates": np.array(self._updates)}

    @torch.inference_mode()
    def restore(self, state: Mapping[str, Array]) -> None:
        """Go on from such copies; tensors stay where they are."""
        for name, tensor in self._changing().items():
            tensor.copy_(torch.tensor(state[name]))
        self._updates = int(state["updates"])

    def _changing(self) -> dict[str, Tensor]:
        return {"parameters": self.values, **self._optimizer.moments}
