"""The activations that layers of every framework have, by the names that they have there."""

from collections.abc import Callable

import numpy as np
from scipy.special import erf

from adapters.interface import Array


def sigmoid(x: Array) -> Array:
    """σ(x), which no x overflows."""
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))


def softmax(x: Array) -> Array:
    """Along the last axis."""
    moved = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(moved / moved.sum(axis=-1, keepdims=True))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard sigmoid of Keras 2": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "softmax": softmax,
    "log_softmax": lambda x: np.log(softmax(x)),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "leaky_relu of slope 0.2": lambda x: np.where(x > 0, x, 0.2 * x),
    "relu6": lambda x: np.clip(x, 0, 6),
    "softplus": lambda x: np.logaddexp(x, 0),
    "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2))),
    "gelu, approximated": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
}

SAME = {"swish": "silu", "identity": "linear", "hardsigmoid": "hard_sigmoid", "hardtanh": "hard_tanh"}
"""Other names of the same."""


def known_name(name: object) -> str | None:
    """The name that an activation has in this table; None where it is not in it."""
    found = SAME.get(str(name), str(name))
    return found if found in ACTIVATIONS else None
