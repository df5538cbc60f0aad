"""Keras layers one above the other and a readout, as a model to be compiled; how parameters stand in them."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from adapters.interface import Array, ModelSpec
from adapters.parameters import Layer, layers

Tensor = Any
Arrays = dict[str, Array]


class Cell(NamedTuple):
    """A Keras layer, and what it is told."""

    layer: Callable[..., Any]
    options: Mapping[str, Any]


CELLS: dict[tuple[str, str, str], Cell] = {
    ("elman", "tanh", "after"): Cell(keras.layers.SimpleRNN, {"activation": "tanh"}),
    ("elman", "sigmoid", "after"): Cell(keras.layers.SimpleRNN, {"activation": "sigmoid"}),
    ("lstm", "tanh", "after"): Cell(keras.layers.LSTM, {}),
    ("gru", "tanh", "after"): Cell(keras.layers.GRU, {"reset_after": True}),
    ("gru", "tanh", "before"): Cell(keras.layers.GRU, {"reset_after": False}),
}
"""By cell, activation and reset."""


@keras.saving.register_keras_serializable("lockstep")
class OneBiasPerGate(keras.constraints.Constraint):  # type: ignore[misc]
    """Keeps at 0 what is merely added to another bias: a GRU's second row, but for the candidate's."""

    def __call__(self, bias: Tensor) -> Tensor:
        gates = 2 * (bias.shape[1] // 3)
        second = ops.concatenate([ops.zeros_like(bias[1:, :gates]), bias[1:, gates:]], axis=1)
        return ops.concatenate([bias[:1], second], axis=0)


class Network(keras.Model):  # type: ignore[misc]
    """The layers of a model; where the gradient is cut, the states that it would reach are constants.

    Shapes: inputs (B, T, D), or a pair of them and the valid steps (B, T) -> (B, K) or (B, T, K).
    """

    def __init__(self, model: ModelSpec, dtype: str, reach: int | None) -> None:
        super().__init__(dtype=dtype)
        self._spec, self._reach, self._cell = model, reach, CELLS[model.cell, model.activation, model.reset]
        self._levels = [self._layer(level, dtype) for level in range(model.layers)]
        self._readout = keras.layers.Dense(model.outputs, use_bias=model.bias, dtype=dtype)
        for built, level in zip(self._levels, layers(model), strict=True):
            built.build((None, None, level[0].inputs))
        self._readout.build((None, model.width))
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        sequences, valid = inputs if isinstance(inputs, list | tuple) else (inputs, None)
        states: list[Any] = [None] * len(self._levels)
        if self._reach is None:
            return self._readout(self._run(sequences, states, valid)[0])
        cut = max(0, sequences.shape[1] - self._reach)
        if cut > 0:
            _, states = self._run(sequences[:, :cut], states, None if valid is None else valid[:, :cut])
            states = [[ops.stop_gradient(part) for part in state] for state in states]
        _, states = self._run(sequences[:, cut:], states, None if valid is None else valid[:, cut:])
        return self._readout(states[-1][0])  # of a sequence that ended before, its output would be 0

    def arrays(self) -> Arrays:
        """Copies of the parameters, in canonical order; PyTorch modules have another `parameters`."""
        found, weights = {}, iter(self.weights)
        for layer in _all(self._spec):
            kinds = [kind for kind in layer.shapes if kind != "candidate_bias"]
            own = {kind: np.array(ops.convert_to_numpy(next(weights))) for kind in kinds}
            own = FROM_KERAS[self._spec.cell](own)
            found.update({kind + layer.suffix: own[kind] for kind in layer.shapes})
        names = ("readout_kernel", "readout_bias")[: 1 + self._spec.bias]
        return {**found, **{name: np.array(ops.convert_to_numpy(next(weights))) for name in names}}

    def take(self, parameters: Mapping[str, Array]) -> None:
        """Go on from these."""
        values = [
            value
            for layer in _all(self._spec)
            for value in TO_KERAS[self._spec.cell](layer.of(parameters)).values()
        ]
        values += [value for name, value in parameters.items() if name.startswith("readout")]
        for weight, value in zip(self.weights, values, strict=True):
            weight.assign(value)

    def _layer(self, level: int, dtype: str) -> Any:
        model, options = self._spec, dict(self._cell.options)
        if model.bias and (model.cell, model.reset) == ("gru", "after"):
            options["bias_constraint"] = OneBiasPerGate()
        layer = self._cell.layer(
            model.hidden,
            use_bias=model.bias,
            return_sequences=level < model.layers - 1 or model.readout == "every",
            return_state=self._reach is not None,
            dtype=dtype,
            **options,
        )
        return keras.layers.Bidirectional(layer, dtype=dtype) if model.bidirectional else layer

    def _run(self, hidden: Tensor, states: list[Any], valid: Tensor | None) -> tuple[Tensor, list[Any]]:
        """What the top layer hands on, and the states of all layers where the gradient is to be cut."""
        after = []
        for layer, state in zip(self._levels, states, strict=True):
            hidden = layer(hidden, initial_state=state, mask=valid)
            if self._reach is not None:
                hidden, *last = hidden
                after.append(last)
        return hidden, after


def _all(model: ModelSpec) -> list[Layer]:
    return [layer for level in layers(model) for layer in level]


def unchanged(arrays: Arrays) -> Arrays:
    """The gates of the Elman cell and the LSTM stand in Keras' order."""
    return arrays


def to_gru(parameters: Arrays) -> Arrays:
    """Gates in the order z, r, n; c_n in a second row of biases, else zero."""
    weights = dict(parameters)
    if "candidate_bias" in weights:
        candidate = weights.pop("candidate_bias")
        weights["bias"] = np.stack([weights["bias"], np.pad(candidate, (2 * len(candidate), 0))])
    return {kind: _exchanged(value) for kind, value in weights.items()}


def from_gru(weights: Arrays) -> Arrays:
    """The parameters that stand in a GRU's weights."""
    parameters = {kind: _exchanged(value) for kind, value in weights.items()}
    if "bias" in parameters and parameters["bias"].ndim == 2:
        parameters["bias"], second = parameters["bias"]
        parameters["candidate_bias"] = second[2 * len(second) // 3 :]
    return parameters


def _exchanged(values: Array) -> Array:
    """The first and the second gate in each other's place."""
    first, second, third = np.split(values, 3, axis=-1)
    return np.concatenate([second, first, third], axis=-1)


TO_KERAS: dict[str, Callable[[Arrays], Arrays]] = {"elman": unchanged, "lstm": unchanged, "gru": to_gru}
FROM_KERAS: dict[str, Callable[[Arrays], Arrays]] = {"elman": unchanged, "lstm": unchanged, "gru": from_gru}
"""By cell: what a layer's parameters are in the layout of Keras, and the way back."""
