"""The losses of one output row, and their gradients, which take the row's place."""

from typing import Any

import numpy as np

from adapters.interface import Array


def half_squared_error(outputs: Array, targets: Array) -> Any:
    """½(ŷ−y)² of (K,) and (K,); ŷ−y."""
    loss = outputs[0] * 0
    for k in range(len(outputs)):
        outputs[k] -= targets[k]
        loss += outputs[k] * outputs[k] * 0.5
    return loss


def softmax_cross_entropy(outputs: Array, targets: Array) -> Any:
    """log Σ exp(ŷ) − ŷ_y of (K,) and the class (1,), the largest logit taken off first; softmax − one-hot."""
    label = targets[0]
    outputs -= outputs.max()
    right = outputs[label]
    outputs[:] = np.exp(outputs)
    total = outputs.sum()
    outputs /= total
    outputs[label] -= 1
    return np.log(total) - right


LOSSES = {"half_squared_error": half_squared_error, "softmax_cross_entropy": softmax_cross_entropy}
