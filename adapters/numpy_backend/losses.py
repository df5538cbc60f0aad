"""The losses and their gradients by hand; each row is one sequence at one step that is read out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy import subtract

from adapters.interface import Array


def half_squared_errors(outputs: Array, targets: Array) -> Array:
    """½(ŷ−y)², summed over the outputs; its gradient is ŷ−y."""
    difference = outputs - targets
    values: Array = np.vecdot(difference, difference)
    values *= 0.5
    return values


def softmax_cross_entropies(outputs: Array, targets: Array) -> Array:
    """log Σ exp(ŷ) − ŷ_y; the largest logit is taken off first."""
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    values: Array = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(targets)), targets]
    return values


def softmax_cross_entropy_gradient(outputs: Array, targets: Array, out: Array) -> None:
    """softmax(ŷ) − onehot(y); the largest logit is taken off first."""
    subtract(outputs, outputs.max(axis=1, keepdims=True), out)
    np.exp(out, out)
    out /= out.sum(axis=1, keepdims=True)
    out[np.arange(len(targets)), targets] -= 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A loss by rows, neither averaged nor summed over them; with `of_classes`, targets are class numbers.

    Shapes: outputs (rows, K); targets (rows, K), or (rows,) of classes; values -> (rows,); gradient, written
    to the last argument, (rows, K).
    """

    values: Callable[[Array, Array], Array]
    gradient: Callable[[Array, Array, Array], object]
    of_classes: bool


LOSSES = {
    "half_squared_error": Loss(values=half_squared_errors, gradient=subtract, of_classes=False),
    "softmax_cross_entropy": Loss(
        values=softmax_cross_entropies, gradient=softmax_cross_entropy_gradient, of_classes=True
    ),
}
