"""The losses and their gradients by hand, in place, for the Elman cell without autograd."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.nn.functional import mse_loss


class Loss(ABC):
    """A loss before it is averaged over the batch.

    Shapes: outputs, expected and gradient (..., K).
    """

    @abstractmethod
    def set_expected(self, targets: Tensor, expected: Tensor) -> None:
        """Fill in what outputs are compared with: the targets (..., K), or one-hot rows of classes (...)."""

    @abstractmethod
    def set_gradient(self, outputs: Tensor, expected: Tensor, gradient: Tensor) -> None:
        """Fill in the loss's gradient by the outputs."""

    @abstractmethod
    def values(self, outputs: Tensor, expected: Tensor) -> Tensor:
        """(..., K) -> (..., K), of which the sum is the loss."""


class HalfSquaredError(Loss):
    """½(ŷ−y)², and ŷ−y."""

    def set_expected(self, targets: Tensor, expected: Tensor) -> None:
        expected.copy_(targets)

    def set_gradient(self, outputs: Tensor, expected: Tensor, gradient: Tensor) -> None:
        torch.sub(outputs, expected, out=gradient)

    def values(self, outputs: Tensor, expected: Tensor) -> Tensor:
        return mse_loss(outputs, expected, reduction="none").mul_(0.5)


class SoftmaxCrossEntropy(Loss):
    """−log softmax(ŷ) at the class that is the target, and softmax(ŷ) − onehot(y)."""

    def set_expected(self, targets: Tensor, expected: Tensor) -> None:
        expected.zero_().scatter_(-1, targets[..., None], 1)

    def set_gradient(self, outputs: Tensor, expected: Tensor, gradient: Tensor) -> None:
        torch.softmax(outputs, -1, out=gradient)
        gradient.sub_(expected)

    def values(self, outputs: Tensor, expected: Tensor) -> Tensor:
        return torch.log_softmax(outputs, -1).mul_(expected).neg_()


LOSSES: dict[str, Loss] = {
    "half_squared_error": HalfSquaredError(),
    "softmax_cross_entropy": SoftmaxCrossEntropy(),
}
