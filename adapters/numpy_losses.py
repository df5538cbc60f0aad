"""The losses and their gradients, features first: outputs are (R, K, B), R the steps that are read out."""

from collections.abc import Callable

import numpy as np

from adapters.interface import Array

LossFunction = Callable[[Array, Array], tuple[float, Array]]
"""(outputs, targets) -> the loss summed over steps and batch, and its gradient by the outputs."""


def half_squared_error(outputs: Array, targets: Array) -> tuple[float, Array]:
    """½(ŷ−y)², and ŷ−y.

    Shapes: targets (R, K, B).
    """
    difference = outputs - targets
    flat = difference.ravel()
    return 0.5 * float(flat @ flat), difference


def softmax_cross_entropy(outputs: Array, targets: Array) -> tuple[float, Array]:
    """log Σ exp(ŷ) − ŷ_y, and softmax(ŷ) − onehot(y); the largest logit is taken off first.

    Shapes: targets (R, B) integers.
    """
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    probabilities = np.exp(shifted)
    total = probabilities.sum(axis=1, keepdims=True)
    chosen = targets[:, None]
    loss = np.log(total) - np.take_along_axis(shifted, chosen, axis=1)
    probabilities /= total
    np.put_along_axis(probabilities, chosen, np.take_along_axis(probabilities, chosen, axis=1) - 1, axis=1)
    return float(loss.sum()), probabilities


LOSSES: dict[str, LossFunction] = {
    "half_squared_error": half_squared_error,
    "softmax_cross_entropy": softmax_cross_entropy,
}
