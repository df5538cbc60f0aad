"""The losses by hand, for networks that keep time first: values, and the gradients that go back from them."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.nn.functional import mse_loss


class Loss(ABC):
    """One of the losses of `adapters.interface.ModelSpec`, before it is averaged over the batch.

    Shapes: outputs, expected and errors (..., K).
    """

    @abstractmethod
    def expect(self, targets: Tensor, expected: Tensor) -> None:
        """Fill in what outputs are held against: the targets (..., K), or the classes (...) one-hot."""

    @abstractmethod
    def set_errors(self, outputs: Tensor, expected: Tensor, errors: Tensor) -> None:
        """Fill in the gradient of the loss with respect to the outputs."""

    @abstractmethod
    def values(self, outputs: Tensor, expected: Tensor) -> Tensor:
        """(..., K) -> (..., K), of which the sum is the loss."""


class HalfSquaredError(Loss):
    """½(ŷ−y)²."""

    def expect(self, targets: Tensor, expected: Tensor) -> None:
        expected.copy_(targets)

    def set_errors(self, outputs: Tensor, expected: Tensor, errors: Tensor) -> None:
        torch.sub(outputs, expected, out=errors)

    def values(self, outputs: Tensor, expected: Tensor) -> Tensor:
        return mse_loss(outputs, expected, reduction="none").mul_(0.5)


class SoftmaxCrossEntropy(Loss):
    """−log softmax(ŷ), at the class that was the target."""

    def expect(self, targets: Tensor, expected: Tensor) -> None:
        expected.zero_().scatter_(-1, targets[..., None], 1)

    def set_errors(self, outputs: Tensor, expected: Tensor, errors: Tensor) -> None:
        torch.softmax(outputs, -1, out=errors)
        errors.sub_(expected)

    def values(self, outputs: Tensor, expected: Tensor) -> Tensor:
        return torch.log_softmax(outputs, -1).mul_(expected).neg_()


LOSSES: dict[str, Loss] = {
    "half_squared_error": HalfSquaredError(),
    "softmax_cross_entropy": SoftmaxCrossEntropy(),
}
