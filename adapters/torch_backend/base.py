"""What every way of training in PyTorch has in common: raw tensors in, raw tensors out."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from adapters.interface import (
    Adapter,
    Array,
    Declaration,
    MatrixProduct,
    ModelSpec,
    Span,
    TrainSpec,
    UnsupportedSpec,
)
from adapters.torch_backend import products as torch_products
from adapters.torch_backend.optimizers import Weights

torch.backends.cudnn.allow_tf32 = False  # float32 means float32 on a GPU too


class Network(ABC):
    """One way of running a model and of following its gradient."""

    @abstractmethod
    def learn(self, inputs: Tensor, targets: Tensor, spans: tuple[Span, ...], losses: Tensor) -> None:
        """Make every update of one batch of sequences; fill in the losses before them, summed over the batch.

        Shapes: inputs (B, T, D), targets as the adapter has them, losses (updates,).
        """

    @abstractmethod
    def predict(self, inputs: Tensor) -> Tensor:
        """(N, T, D) -> (N, K) or, with readout 'every', (N, T, K)."""


class TorchBase(Adapter):
    """No nn.Module and no torch.optim: a subclass says which network it trains."""

    declaration = Declaration(distribution="torch", devices=("cpu", "cuda"))

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if device == "cuda" and not torch.cuda.is_available():
            raise UnsupportedSpec(f"device is {device!r}: this build of torch has no such device")
        self._model, self._train_spec = model, train
        self._device = torch.device(device)
        self._weights = Weights(model, train, parameters, self._device)
        self._network = self.network(model, self._weights)

    @abstractmethod
    def network(self, model: ModelSpec, weights: Weights) -> Network:
        """The network to train."""

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._spans = self._train_spec.spans(self._model, inputs.shape[1])
        self._inputs = self._tensor(inputs)
        classes = self._model.loss == "softmax_cross_entropy"
        self._targets = self._whole_numbers(targets) if classes else self._tensor(targets)

    def _train(self, batches: Array) -> Array:
        rows = self._whole_numbers(batches)
        losses = torch.empty((len(rows), len(self._spans)), dtype=self._inputs.dtype, device=self._device)
        for row, indices in zip(losses, rows, strict=True):
            self._network.learn(self._inputs[indices], self._targets[indices], self._spans, row)
        result: Array = losses.div_(batches.shape[1]).cpu().numpy().ravel()
        return result

    @torch.no_grad()
    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        result: Array = self._network.predict(self._tensor(inputs)).cpu().numpy()
        return result

    def parameters(self) -> dict[str, Array]:
        return {
            name: value.cpu().numpy().copy()
            for name, value in self._weights.named(self._weights.values).items()
        }

    def state(self) -> dict[str, Array]:
        return self._weights.state()

    def restore(self, state: Mapping[str, Array]) -> None:
        self._weights.restore(state)

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        build = torch.__config__.show()
        return tuple(
            re.findall(r"(?:Intel\(R\) oneAPI )?Math Kernel Library Version [\d.]+|MKL-DNN v[\d.]+", build)
        )

    @classmethod
    def matrix_product(cls, size: int) -> MatrixProduct:
        return torch_products.matrix_product(size)

    def _tensor(self, values: Array) -> Tensor:
        return torch.tensor(np.array(values, self._train_spec.dtype), device=self._device)

    def _whole_numbers(self, values: Array) -> Tensor:
        return torch.tensor(np.array(values, np.int64), device=self._device)
