"""The losses and their gradients; each row is one sequence at one step that is read out."""

from abc import ABC, abstractmethod
from functools import partial

import numpy as np

from adapters.interface import Array
from adapters.numpy_backend.calls import Calls


class Loss(ABC):
    """A loss by rows: not averaged, not summed over them.

    Shapes: outputs (rows, K); targets (rows, K), or (rows,) integers for the cross-entropy.
    """

    @abstractmethod
    def values(self, outputs: Array, targets: Array) -> Array:
        """The loss of each row: (rows,)."""

    @abstractmethod
    def gradient(self, outputs: Array, targets: Array, result: Array) -> Calls:
        """The gradient of each row's loss by its outputs: (rows, K)."""


class HalfSquaredError(Loss):
    """½(ŷ−y)², and ŷ−y."""

    def values(self, outputs: Array, targets: Array) -> Array:
        difference = outputs - targets
        values: Array = np.vecdot(difference, difference)
        values *= 0.5
        return values

    def gradient(self, outputs: Array, targets: Array, result: Array) -> Calls:
        yield partial(np.subtract, outputs, targets, result)


class SoftmaxCrossEntropy(Loss):
    """log Σ exp(ŷ) − ŷ_y, and softmax(ŷ) − onehot(y); the largest logit is taken off first."""

    def values(self, outputs: Array, targets: Array) -> Array:
        shifted = outputs - outputs.max(axis=1, keepdims=True)
        values: Array = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(targets)), targets]
        return values

    def gradient(self, outputs: Array, targets: Array, result: Array) -> Calls:
        yield partial(self._gradient, outputs, targets, result)

    def _gradient(self, outputs: Array, targets: Array, result: Array) -> None:
        np.subtract(outputs, outputs.max(axis=1, keepdims=True), result)
        np.exp(result, result)
        result /= result.sum(axis=1, keepdims=True)
        result[np.arange(len(targets)), targets] -= 1


LOSSES: dict[str, Loss] = {
    "half_squared_error": HalfSquaredError(),
    "softmax_cross_entropy": SoftmaxCrossEntropy(),
}
