"""Keras layers one above the other, a readout, and their weights."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from adapters.interface import Array, ModelSpec, TrainSpec
from adapters.parameters import layers, shapes
from adapters.tensorflow_backend.layers import CELLS, Arrays

Tensor = Any
States = list[list[Tensor]]
"""By layer from below: the tensors (B, H) of its state, those of the forward direction first."""

READABLE: dict[str, Callable[[Tensor, list[Tensor]], Tensor]] = {
    "last": lambda hidden, last: last[0] if len(last) == 1 else tf.concat(last, axis=-1),
    "every": lambda hidden, last: hidden,
}
"""By readout: what is read out of all hidden states (B, T, H') and each direction's last (B, H)."""

POLICIES: dict[str, str] = {
    "float32": "float32",
    "float64": "float64",
    "bfloat16": "mixed_bfloat16",
    "float16": "mixed_float16",
}
"""By what a layer computes in: with the last two Keras keeps weights in float32, and casts at each call."""


class Network:
    """Recurrent layers, each fed with the one below, and a `Dense` readout.

    `variables` are the weights as Keras has them, under the names of the parameters that stand in them.
    """

    def __init__(self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array]) -> None:
        self._model, self._dtype, kept = model, train.dtype, train.kept_dtype
        self._cell = CELLS[model.cell, model.activation, model.reset]
        self._layers = [layer for level in layers(model) for layer in level]
        self._levels = [self._build(level[0].inputs) for level in layers(model)]
        self._readout = keras.layers.Dense(model.outputs, use_bias=model.bias, dtype=kept)
        self._readout.build((None, model.width))
        values = self._to_keras(parameters)
        weights = [weight for each in (*self._levels, self._readout) for weight in each.weights]
        self.variables = {name: weight.value for name, weight in zip(values, weights, strict=True)}
        for name, variable in self.variables.items():
            variable.assign(values[name].astype(kept))
        trained = self._to_keras({name: np.ones(shape, kept) for name, shape in shapes(model).items()})
        self._trained = {name: where for name, where in trained.items() if not where.all()}

    def _build(self, inputs: int) -> Any:
        model, dtype = self._model, POLICIES[self._dtype]
        layer = self._cell.layer(
            model.hidden,
            use_bias=model.bias,
            return_sequences=True,
            return_state=True,
            dtype=dtype,
            **self._cell.options,
        )
        if model.bidirectional:
            layer = keras.layers.Bidirectional(layer, dtype=dtype)
        layer.build((None, None, inputs))
        return layer

    def _to_keras(self, parameters: Mapping[str, Array]) -> Arrays:
        recurrent = {
            kind + layer.suffix: weight
            for layer in self._layers
            for kind, weight in self._cell.to_keras(layer.of(parameters)).items()
        }
        return {**recurrent, **_of_readout(parameters)}

    def parameters(self) -> Arrays:
        """Copies of the parameters, in canonical order."""
        weights = {name: variable.numpy().copy() for name, variable in self.variables.items()}
        recurrent: Arrays = {}
        for layer in self._layers:
            names = {kind: kind + layer.suffix for kind in layer.shapes}
            own = {kind: weights[name] for kind, name in names.items() if name in weights}
            recurrent |= {names[kind]: each for kind, each in self._cell.from_keras(own).items()}
        return {**recurrent, **_of_readout(weights)}

    def gradients(self, tape: tf.GradientTape, loss: Tensor) -> list[Tensor]:
        """By variable; 0 for the weights in which no parameter stands."""
        gradients = tape.gradient(loss, self.variables)
        return [
            gradient * self._trained[name] if name in self._trained else gradient
            for name, gradient in gradients.items()
        ]

    def begin(self, batch: Tensor) -> States:
        """The states before a sequence."""
        zeros = tf.zeros((batch, self._model.hidden), self._dtype)
        return [[zeros] * (self._cell.state_parts * len(level)) for level in layers(self._model)]

    def run(self, inputs: Tensor, states: States, valid: Tensor | None) -> tuple[Tensor, States]:
        """The outputs, (B, K) or (B, T, K), and the states after the last step.

        Shapes: inputs (B, T, D); valid (B, T), or None where all steps are, which Keras has a faster way for.
        """
        plain = valid is None and not self._model.bidirectional
        hidden, after = inputs, []
        for level, before in zip(self._levels, states, strict=True):
            if plain and inputs.shape[1] == 1:
                hidden, state = _step(level.cell, hidden, before)
            else:
                hidden, *state = level(hidden, initial_state=before, mask=valid)
            after.append(state)
        last = [hidden[:, -1]] if plain else after[-1][:: self._cell.state_parts]
        return self._readout(READABLE[self._model.readout](hidden, last)), after


def _step(cell: Any, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """A layer's only time step (B, 1, ...), without a loop."""
    hidden, after = cell(inputs[:, 0], state)
    return hidden[:, tf.newaxis], after


def _of_readout(arrays: Mapping[str, Array]) -> Arrays:
    return {name: array for name, array in arrays.items() if name.startswith("readout")}
