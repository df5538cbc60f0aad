"""The Keras layers, and all that happens to one batch of sequences, for TensorFlow to trace."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from adapters.interface import Adam, Array, ModelSpec, Sgd, Span, TrainSpec
from adapters.parameters import shapes

Tensor = Any
State = list[Tensor]

LAYERS: dict[tuple[str, str], tuple[Any, dict[str, str]]] = {
    ("elman", "tanh"): (keras.layers.SimpleRNN, {"activation": "tanh"}),
    ("elman", "sigmoid"): (keras.layers.SimpleRNN, {"activation": "sigmoid"}),
    ("lstm", "tanh"): (keras.layers.LSTM, {}),
}
"""By cell and activation: the Keras layer, and what it must be told."""

STATE_PARTS = {"elman": 1, "lstm": 2}
"""How many tensors (B, H) a cell's state has."""

READABLE: dict[str, Callable[[Tensor], Tensor]] = {
    "last": lambda hidden: hidden[:, -1],
    "every": lambda hidden: hidden,
}
"""By readout: the hidden states (B, T, H) that are read out."""


def half_squared_error(outputs: Tensor, targets: Tensor, batch: Tensor) -> Tensor:
    """½(ŷ−y)², averaged over the batch."""
    return tf.reduce_sum(tf.square(outputs - targets)) / (2 * batch)


def softmax_cross_entropy(outputs: Tensor, targets: Tensor, batch: Tensor) -> Tensor:
    """−log softmax(ŷ) at the class that is the target, averaged over the batch."""
    return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs)) / batch


LOSSES: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "half_squared_error": half_squared_error,
    "softmax_cross_entropy": softmax_cross_entropy,
}


class Trainer:
    """A recurrent layer, a `Dense` readout, and an optimizer's moments: variables that training changes."""

    def __init__(self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array]) -> None:
        self._model, self._train = model, train
        self._dtype = tf.as_dtype(train.dtype)
        layer, options = LAYERS[model.cell, model.activation]
        self._layer = layer(
            model.hidden,
            use_bias=model.bias,
            return_sequences=True,
            return_state=True,
            dtype=train.dtype,
            **options,
        )
        self._readout = keras.layers.Dense(model.outputs, use_bias=model.bias, dtype=train.dtype)
        self._layer.build((None, None, model.inputs))
        self._readout.build((None, model.hidden))
        self.variables = dict(zip(shapes(model), [*self._layer.weights, *self._readout.weights], strict=True))
        for name, variable in self.variables.items():
            variable.assign(parameters[name])
        self._moments = [
            (tf.Variable(tf.zeros_like(variable.value)), tf.Variable(tf.zeros_like(variable.value)))
            for variable in self.variables.values()
        ]
        self._step = tf.Variable(0.0, dtype=tf.float64)

    def changing(self) -> dict[str, Tensor]:
        """All variables that training changes, by name."""
        moments = {
            f"{moment} of {name}": variable
            for name, pair in zip(self.variables, self._moments, strict=True)
            for moment, variable in zip(("mean", "square"), pair, strict=True)
        }
        return {**self.variables, **moments, "step": self._step}

    def train_batch(self, inputs: Tensor, targets: Tensor, spans: tuple[Span, ...]) -> Tensor:
        """Make every update of one batch of sequences -> (updates,) losses."""
        state = self._zero_state(inputs)
        if len(spans) > 1:
            return self._update_by_parts(inputs, targets, spans, state)
        loss, _ = self._update(inputs, targets, spans[0].cut, state)
        return loss[tf.newaxis]

    def _update_by_parts(
        self, inputs: Tensor, targets: Tensor, spans: tuple[Span, ...], state: State
    ) -> Tensor:
        """Do so where there are several: a loop over parts of equal length, then the shorter rest."""
        length, updates = spans[0].stop, len(spans)
        count = inputs.shape[1] // length
        input_parts, target_parts = _split(inputs, count, length), _split(targets, count, length)
        losses = tf.TensorArray(self._dtype, size=updates, element_shape=())
        for part in tf.range(count):
            loss, state = self._update(input_parts[part], target_parts[part], 0, state)
            losses = losses.write(part, loss)
        if count < updates:
            rest = count * length
            loss, _ = self._update(inputs[:, rest:], targets[:, rest:], 0, state)
            losses = losses.write(count, loss)
        return losses.stack()

    def predict(self, inputs: Tensor) -> Tensor:
        hidden, _ = self._run(inputs, self._zero_state(inputs))
        return self._read_out(hidden)

    def _zero_state(self, inputs: Tensor) -> State:
        zeros = tf.zeros((tf.shape(inputs)[0], self._model.hidden), self._dtype)
        return [zeros] * STATE_PARTS[self._model.cell]

    def _read_out(self, hidden: Tensor) -> Tensor:
        return self._readout(READABLE[self._model.readout](hidden))

    def _loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        batch = tf.cast(tf.shape(outputs)[0], self._dtype)
        return LOSSES[self._model.loss](outputs, targets, batch)

    def _run(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, T, D) and the state before -> hidden states (B, T, H) and the state after."""
        if inputs.shape[1] == 1:
            hidden, state = self._layer.cell(inputs[:, 0], state)
            return hidden[:, tf.newaxis], state
        hidden, *state = self._layer(inputs, initial_state=state)
        return hidden, state

    def _update(self, inputs: Tensor, targets: Tensor, cut: int, state: State) -> tuple[Tensor, State]:
        """Make one update on a part of the sequences -> the loss before it, and the state after the part.

        The gradient reaches back to step `cut` of the part.
        """
        if cut > 0:
            _, state = self._run(inputs[:, :cut], state)
        with tf.GradientTape() as tape:
            hidden, state = self._run(inputs[:, cut:], state)
            loss = self._loss(self._read_out(hidden), targets)
        variables = [variable.value for variable in self.variables.values()]
        self._apply_gradients(variables, tape.gradient(loss, variables))
        return loss, state

    def _apply_gradients(self, variables: list[Tensor], gradients: list[Tensor]) -> None:
        limit = self._train.clip_value
        if limit is not None:
            gradients = [tf.clip_by_value(gradient, -limit, limit) for gradient in gradients]
        spec = self._train.optimizer
        OPTIMIZERS[type(spec)](self, spec, variables, gradients)

    def sgd(self, spec: Sgd, variables: list[Tensor], gradients: list[Tensor]) -> None:
        """θ ← θ − η·g."""
        for variable, gradient in zip(variables, gradients, strict=True):
            variable.assign_sub(spec.learning_rate * gradient)

    def adam(self, spec: Adam, variables: list[Tensor], gradients: list[Tensor]) -> None:
        """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), m ← m + (1−β₁)·(g − m), v ← v + (1−β₂)·(g² − v)."""
        step = self._step.assign_add(1.0)
        rate = spec.learning_rate * tf.sqrt(1 - spec.beta2**step) / (1 - spec.beta1**step)
        rate = tf.cast(rate, self._dtype)
        for variable, gradient, (mean, square) in zip(variables, gradients, self._moments, strict=True):
            mean.assign_add((gradient - mean) * (1 - spec.beta1))
            square.assign_add((tf.square(gradient) - square) * (1 - spec.beta2))
            variable.assign_sub(rate * mean / (tf.sqrt(square) + spec.epsilon))


OPTIMIZERS: dict[type, Callable[[Trainer, Any, list[Tensor], list[Tensor]], None]] = {
    Sgd: Trainer.sgd,
    Adam: Trainer.adam,
}
"""By the exact type of the spec."""


def _split(sequences: Tensor, count: int, length: int) -> Tensor:
    """(B, T, ...) -> the first parts, as many as there are to be: (count, B, length, ...)."""
    shape = (-1, count, length, *sequences.shape[2:])
    parts = tf.reshape(sequences[:, : count * length], shape)
    return tf.transpose(parts, [1, 0, *range(2, len(parts.shape))])
