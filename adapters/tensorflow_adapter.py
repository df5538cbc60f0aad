"""TensorFlow: Keras layers under a custom training step, whole epochs inside one call."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from adapters.interface import (
    Adam,
    Adapter,
    Array,
    ModelSpec,
    TrainSpec,
    UnsupportedSpec,
    check_batches,
    check_data,
    check_sequences,
)
from adapters.parameters import check_parameters, shapes

Tensor = Any
State = list[Tensor]


class TensorFlowAdapter(Adapter):
    """`keras.layers.LSTM` or `SimpleRNN` and a `Dense` readout; all updates of a batch are one XLA program.

    XLA is the default because it was the faster way on every task, from the smallest model to the largest.
    """

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if device != "cpu":
            raise UnsupportedSpec(f"device is {device!r}: this adapter runs on the cpu")
        check_parameters(model, parameters)
        self._model, self._train = model, train
        self._dtype = tf.as_dtype(train.dtype)
        self._layer = _recurrent_layer(model, train.dtype)
        self._readout = keras.layers.Dense(model.outputs, use_bias=model.bias, dtype=train.dtype)
        self._layer.build((None, None, model.inputs))
        self._readout.build((None, model.hidden))
        self._variables = dict(
            zip(shapes(model), [*self._layer.weights, *self._readout.weights], strict=True)
        )
        for name, variable in self._variables.items():
            variable.assign(parameters[name])
        self._moments = [
            (tf.Variable(tf.zeros_like(variable.value)), tf.Variable(tf.zeros_like(variable.value)))
            for variable in self._variables.values()
        ]
        self._sequences = 0
        self._step = tf.Variable(0.0, dtype=tf.float64)
        any_sequences = tf.TensorSpec((None, None, model.inputs), self._dtype)
        self._outputs = trace(self._predict_batch, any_sequences)

    def load(self, inputs: Array, targets: Array) -> None:
        self._spans = check_data(self._model, self._train, inputs, targets)
        classes = self._model.loss == "softmax_cross_entropy"
        self._sequences = len(inputs)
        self._inputs = tf.constant(inputs, self._dtype)
        self._targets = tf.constant(targets, tf.int64 if classes else self._dtype)
        data = [tf.TensorSpec((None, *each.shape[1:]), each.dtype) for each in (self._inputs, self._targets)]
        self._batch = self.trace_batch(self._train_sequences, *data)
        self._epoch = trace(self._train_batches, *data, tf.TensorSpec((None, None), tf.int64))

    @staticmethod
    def trace_batch(function: Callable[..., Tensor], *signature: tf.TensorSpec) -> Callable[..., Tensor]:
        """The function that makes every update of one batch, as this adapter runs it."""
        return trace(function, *signature, jit_compile=True)

    def train(self, batches: Array) -> Array:
        check_batches(batches, self._sequences)
        losses: Array = self._epoch(self._inputs, self._targets, tf.constant(batches, tf.int64)).numpy()
        return losses.ravel()

    def predict(self, inputs: Array) -> Array:
        check_sequences(self._model, inputs)
        outputs: Array = self._outputs(tf.constant(inputs, self._dtype)).numpy()
        return outputs

    def parameters(self) -> dict[str, Array]:
        return {name: variable.numpy().copy() for name, variable in self._variables.items()}

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        return (f"Keras {keras.__version__}", "Eigen and oneDNN as built into TensorFlow")

    def _train_batches(self, inputs: Tensor, targets: Tensor, batches: Tensor) -> Tensor:
        steps = tf.shape(batches)[0]
        losses = tf.TensorArray(self._dtype, size=steps, element_shape=(len(self._spans),))
        for step in tf.range(steps):
            losses = losses.write(
                step,
                self._batch(tf.gather(inputs, batches[step]), tf.gather(targets, batches[step])),
            )
        return losses.stack()

    def _train_sequences(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Every update of one batch of sequences -> (updates,) losses."""
        state = self._zero_state(inputs)
        if len(self._spans) > 1:
            return self._train_parts(inputs, targets, state)
        loss, _ = self._learn(inputs, targets, self._spans[0].cut, state)
        return loss[tf.newaxis]

    def _train_parts(self, inputs: Tensor, targets: Tensor, state: State) -> Tensor:
        """The same where there are several: a loop over parts of equal length, then the shorter rest."""
        length, updates = self._spans[0].stop, len(self._spans)
        count = inputs.shape[1] // length
        input_parts, target_parts = _split(inputs, count, length), _split(targets, count, length)
        losses = tf.TensorArray(self._dtype, size=updates, element_shape=())
        for part in tf.range(count):
            loss, state = self._learn(input_parts[part], target_parts[part], 0, state)
            losses = losses.write(part, loss)
        if count < updates:
            rest = count * length
            loss, _ = self._learn(inputs[:, rest:], targets[:, rest:], 0, state)
            losses = losses.write(count, loss)
        return losses.stack()

    def _predict_batch(self, inputs: Tensor) -> Tensor:
        hidden, _ = self._run(inputs, self._zero_state(inputs))
        return self._read_out(hidden)

    def _zero_state(self, inputs: Tensor) -> State:
        zeros = tf.zeros((tf.shape(inputs)[0], self._model.hidden), self._dtype)
        return [zeros, zeros] if self._model.cell == "lstm" else [zeros]

    def _read_out(self, hidden: Tensor) -> Tensor:
        return self._readout(hidden if self._model.readout == "every" else hidden[:, -1])

    def _loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        batch = tf.cast(tf.shape(outputs)[0], self._dtype)
        if self._model.loss == "half_squared_error":
            return tf.reduce_sum(tf.square(outputs - targets)) / (2 * batch)
        return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs)) / batch

    def _run(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """(B, T, D) and the state before -> hidden states (B, T, H) and the state after."""
        if inputs.shape[1] == 1:
            hidden, state = self._layer.cell(inputs[:, 0], state)
            return hidden[:, tf.newaxis], state
        hidden, *state = self._layer(inputs, initial_state=state)
        return hidden, state

    def _learn(self, inputs: Tensor, targets: Tensor, cut: int, state: State) -> tuple[Tensor, State]:
        """One update, from one part of the sequences; the loss before it, and the state after the part.

        The gradient reaches back to step `cut` of the part.
        """
        if cut > 0:
            _, state = self._run(inputs[:, :cut], state)
        with tf.GradientTape() as tape:
            hidden, state = self._run(inputs[:, cut:], state)
            loss = self._loss(self._read_out(hidden), targets)
        variables = [variable.value for variable in self._variables.values()]
        self._apply(variables, tape.gradient(loss, variables))
        return loss, state

    def _apply(self, variables: list[Tensor], gradients: list[Tensor]) -> None:
        limit = self._train.clip_value
        if limit is not None:
            gradients = [tf.clip_by_value(gradient, -limit, limit) for gradient in gradients]
        if isinstance(self._train.optimizer, Adam):
            self._adam(self._train.optimizer, variables, gradients)
        else:
            for variable, gradient in zip(variables, gradients, strict=True):
                variable.assign_sub(self._train.optimizer.learning_rate * gradient)

    def _adam(self, spec: Adam, variables: list[Tensor], gradients: list[Tensor]) -> None:
        step = self._step.assign_add(1.0)
        rate = spec.learning_rate * tf.sqrt(1 - spec.beta2**step) / (1 - spec.beta1**step)
        rate = tf.cast(rate, self._dtype)
        for variable, gradient, (mean, square) in zip(variables, gradients, self._moments, strict=True):
            mean.assign_add((gradient - mean) * (1 - spec.beta1))
            square.assign_add((tf.square(gradient) - square) * (1 - spec.beta2))
            variable.assign_sub(rate * mean / (tf.sqrt(square) + spec.epsilon))


def trace(
    function: Callable[..., Tensor], *signature: tf.TensorSpec, **options: Any
) -> Callable[..., Tensor]:
    """The graph of a function, made once for all shapes that fit the signature."""
    traced: Callable[..., Tensor] = tf.function(
        function, input_signature=signature, **options
    ).get_concrete_function()
    return traced


def _split(sequences: Tensor, count: int, length: int) -> Tensor:
    """(B, T, ...) -> the first parts, as many as there are to be: (count, B, length, ...)."""
    shape = tf.concat([[-1, count, length], tf.shape(sequences)[2:]], 0)
    parts = tf.reshape(sequences[:, : count * length], shape)
    return tf.transpose(parts, [1, 0, *range(2, len(parts.shape))])


def _recurrent_layer(model: ModelSpec, dtype: str) -> Any:
    if model.cell == "lstm":
        return keras.layers.LSTM(
            model.hidden, use_bias=model.bias, return_sequences=True, return_state=True, dtype=dtype
        )
    return keras.layers.SimpleRNN(
        model.hidden,
        activation=model.activation,
        use_bias=model.bias,
        return_sequences=True,
        return_state=True,
        dtype=dtype,
    )
