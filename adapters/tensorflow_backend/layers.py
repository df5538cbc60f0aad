"""The Keras layer of every cell, and how a cell's parameters stand in its weights."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from adapters.interface import Array

Arrays = dict[str, Array]
"""Of one layer in one direction, under names without suffix."""


def unchanged(arrays: Arrays) -> Arrays:
    """The gates of the Elman cell and the LSTM stand in Keras' order."""
    return arrays


def to_keras_gru(parameters: Arrays) -> Arrays:
    """The weights of Keras' GRU: gates in the order z, r, n; c_n in a second row of biases, else zero."""
    weights = dict(parameters)
    if "candidate_bias" in weights:
        candidate = weights.pop("candidate_bias")
        weights["bias"] = np.stack([weights["bias"], np.pad(candidate, (2 * len(candidate), 0))])
    return {kind: _exchange(weight) for kind, weight in weights.items()}


def from_keras_gru(weights: Arrays) -> Arrays:
    """The parameters that stand in the weights of Keras' GRU."""
    parameters = {kind: _exchange(weight) for kind, weight in weights.items()}
    if "bias" in parameters and parameters["bias"].ndim == 2:
        parameters["bias"], second = parameters["bias"]
        parameters["candidate_bias"] = second[2 * len(second) // 3 :]
    return parameters


def _exchange(values: Array) -> Array:
    """The first and the second gate in each other's place; there and back are the same."""
    first, second, third = np.split(values, 3, axis=-1)
    return np.concatenate([second, first, third], axis=-1)


class Cell(NamedTuple):
    """A Keras layer, what it is told, how many tensors (B, H) its state has, and its weights' layout."""

    layer: Callable[..., Any]
    options: Mapping[str, Any]
    state_parts: int
    to_keras: Callable[[Arrays], Arrays] = unchanged
    from_keras: Callable[[Arrays], Arrays] = unchanged


CELLS: dict[tuple[str, str, str], Cell] = {
    ("elman", "tanh", "after"): Cell(keras.layers.SimpleRNN, {"activation": "tanh"}, 1),
    ("elman", "sigmoid", "after"): Cell(keras.layers.SimpleRNN, {"activation": "sigmoid"}, 1),
    ("lstm", "tanh", "after"): Cell(keras.layers.LSTM, {}, 2),
    ("gru", "tanh", "after"): Cell(keras.layers.GRU, {"reset_after": True}, 1, to_keras_gru, from_keras_gru),
    ("gru", "tanh", "before"): Cell(
        keras.layers.GRU, {"reset_after": False}, 1, to_keras_gru, from_keras_gru
    ),
}
"""By cell, activation and reset."""
