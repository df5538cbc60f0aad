"""All that happens to one batch of sequences, for TensorFlow to trace."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from adapters.interface import Array, ModelSpec, Span, TrainSpec
from adapters.tensorflow_backend.network import Network, States
from adapters.tensorflow_backend.optimizers import Optimizer

Tensor = Any


class Loss(NamedTuple):
    """The terms (…, K) or (…, 1) of a loss by outputs and targets; what their sum is divided by, beside B."""

    terms: Callable[[Tensor, Tensor], Tensor]
    divisor: int


def squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """(ŷ−y)²."""
    return tf.square(outputs - targets)


def softmax_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """−log softmax(ŷ) at the class that is the target."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs)[..., tf.newaxis]


LOSSES = {
    "half_squared_error": Loss(squared_error, 2),
    "softmax_cross_entropy": Loss(softmax_cross_entropy, 1),
}

COUNTED: dict[str, Callable[[Tensor | None], Tensor | None]] = {
    "last": lambda valid: None,
    "every": lambda valid: valid,
}
"""By readout: which losses count, all where it is None; readout 'last' has one for each sequence."""


class Trainer:
    """A network and an optimizer: all the variables that training changes."""

    def __init__(self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array]) -> None:
        self._model = model
        self._dtype = tf.as_dtype(train.kept_dtype)
        self._network = Network(model, train, parameters)
        self._optimizer = Optimizer(train, self._network.variables)

    def parameters(self) -> dict[str, Array]:
        """Copies of them, in canonical layout."""
        return self._network.parameters()

    def changing(self) -> dict[str, Tensor]:
        """All variables that training changes, by name."""
        return {**self._network.variables, **self._optimizer.changing()}

    def train_batch(
        self, inputs: Tensor, targets: Tensor, lengths: Tensor | None = None, *, spans: tuple[Span, ...]
    ) -> Tensor:
        """Make every update of one batch of sequences -> (updates,) losses."""
        states, valid = self._network.begin(inputs.shape[0]), _valid_steps(inputs, lengths)
        if len(spans) > 1:
            return self._update_by_parts(inputs, targets, valid, spans, states)
        loss, _ = self._update(inputs, targets, valid, spans[0].cut, states)
        return loss[tf.newaxis]

    def _update_by_parts(
        self, inputs: Tensor, targets: Tensor, valid: Tensor | None, spans: tuple[Span, ...], states: States
    ) -> Tensor:
        """Do so where there are several: a loop over parts of equal length, then the shorter rest."""
        length, updates = spans[0].stop, len(spans)
        count = inputs.shape[1] // length
        input_parts, target_parts = _split(inputs, count, length), _split(targets, count, length)
        valid_parts = None if valid is None else _split(valid, count, length)
        losses = tf.TensorArray(self._dtype, size=updates, element_shape=())
        for part in tf.range(count):
            valid_part = None if valid_parts is None else valid_parts[part]
            loss, states = self._update(input_parts[part], target_parts[part], valid_part, 0, states)
            losses = losses.write(part, loss)
        if count < updates:
            rest = slice(count * length, None)
            valid_rest = None if valid is None else valid[:, rest]
            loss, _ = self._update(inputs[:, rest], targets[:, rest], valid_rest, 0, states)
            losses = losses.write(count, loss)
        return losses.stack()

    def predict(self, inputs: Tensor, lengths: Tensor | None = None) -> Tensor:
        states = self._network.begin(tf.shape(inputs)[0])
        outputs, _ = self._network.run(inputs, states, _valid_steps(inputs, lengths))
        return outputs

    def differentiate(
        self, inputs: Tensor, targets: Tensor, lengths: Tensor | None = None, *, cut: int, batch: int
    ) -> tuple[Tensor, list[Tensor]]:
        """What some sequences of a batch of so many add to the loss and gradients of its only update."""
        states, valid = self._network.begin(inputs.shape[0]), _valid_steps(inputs, lengths)
        loss, gradients, _ = self._differentiate(inputs, targets, valid, cut, states, batch)
        return loss, gradients

    def no_gradients(self) -> list[Tensor]:
        """0 for every variable, in the order of gradients."""
        return [tf.zeros_like(variable) for variable in self._network.variables.values()]

    def apply(self, gradients: Sequence[Tensor]) -> None:
        """Change all variables by the gradients of a batch."""
        self._optimizer.update(gradients)

    def _update(
        self, inputs: Tensor, targets: Tensor, valid: Tensor | None, cut: int, states: States
    ) -> tuple[Tensor, States]:
        """Make one update on a part of the sequences -> the loss before it, and the states after the part."""
        loss, gradients, states = self._differentiate(inputs, targets, valid, cut, states, inputs.shape[0])
        self.apply(gradients)
        return loss, states

    def _differentiate(
        self, inputs: Tensor, targets: Tensor, valid: Tensor | None, cut: int, states: States, batch: int
    ) -> tuple[Tensor, list[Tensor], States]:
        """The loss, its gradients, which reach back to step `cut` of the part, and the states after it."""
        if cut > 0:
            _, states = self._network.run(inputs[:, :cut], states, None if valid is None else valid[:, :cut])
            valid = None if valid is None else valid[:, cut:]
        with tf.GradientTape() as tape:
            outputs, states = self._network.run(inputs[:, cut:], states, valid)
            loss = self._loss(outputs, targets, valid, batch)
        return loss, self._network.gradients(tape, loss), states

    def _loss(self, outputs: Tensor, targets: Tensor, valid: Tensor | None, batch: int) -> Tensor:
        """Summed over outputs and the steps that count, divided by the sequences of the batch."""
        loss, counted = LOSSES[self._model.loss], COUNTED[self._model.readout](valid)
        terms = loss.terms(outputs, targets)
        if counted is not None:
            terms = tf.where(counted[..., tf.newaxis], terms, tf.zeros_like(terms))
        return tf.reduce_sum(terms) / (loss.divisor * batch)


def _valid_steps(inputs: Tensor, lengths: Tensor | None) -> Tensor | None:
    """(B, T): whether a step belongs to its sequence; None where all do."""
    return None if lengths is None else tf.sequence_mask(lengths, tf.shape(inputs)[1])


def _split(sequences: Tensor, count: int, length: int) -> Tensor:
    """(B, T, ...) -> the first parts, as many as there are to be: (count, B, length, ...)."""
    shape = (-1, count, length, *sequences.shape[2:])
    parts = tf.reshape(sequences[:, : count * length], shape)
    return tf.transpose(parts, [1, 0, *range(2, len(parts.shape))])
