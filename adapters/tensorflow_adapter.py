"""TensorFlow: Keras layers under a custom training step, whole epochs inside one graph."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

import keras
import tensorflow as tf

from adapters.interface import (
    Adam,
    Adapter,
    Array,
    Declaration,
    ModelSpec,
    Span,
    TrainSpec,
    UnsupportedSpec,
    check_batches,
    check_data,
    check_sequences,
)
from adapters.parameters import check_parameters, shapes

Tensor = Any
State = list[Tensor]
Method = TypeVar("Method", bound=Callable[..., Any])

tf.config.experimental.enable_tensor_float_32_execution(False)  # float32 means float32 on a GPU too


def _placed(method: Method) -> Method:
    """Runs a method on the adapter's device."""

    @wraps(method)
    def placed(adapter: "TensorFlowAdapter", *arguments: Any) -> Any:
        with tf.device(adapter._place):
            return method(adapter, *arguments)

    return cast(Method, placed)


class TensorFlowAdapter(Adapter):
    """`keras.layers.LSTM` or `SimpleRNN` and a `Dense` readout, each holding its weights as Keras does."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if device != "cpu" and not (device == "cuda" and tf.config.list_physical_devices("GPU")):
            raise UnsupportedSpec(f"device is {device!r}: this build of TensorFlow has no such device")
        check_parameters(model, parameters)
        self._model, self._train = model, train
        self._place = "/CPU:0" if device == "cpu" else "/GPU:0"
        self._build(parameters)

    @_placed
    def _build(self, parameters: Mapping[str, Array]) -> None:
        model, train = self._model, self._train
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
        self._outputs = tf.function(self._predict_batch, input_signature=[any_sequences])

    @_placed
    def load(self, inputs: Array, targets: Array) -> None:
        self._spans = check_data(self._model, self._train, inputs, targets)
        classes = self._model.loss == "softmax_cross_entropy"
        self._sequences = len(inputs)
        self._inputs = tf.constant(inputs, self._dtype)
        self._targets = tf.constant(targets, tf.int64 if classes else self._dtype)
        self._epoch = tf.function(self._train_batches, reduce_retracing=True)

    @_placed
    def train(self, batches: Array) -> Array:
        check_batches(batches, self._sequences)
        losses: Array = self._epoch(self._inputs, self._targets, tf.constant(batches, tf.int64)).numpy()
        return losses.ravel()

    @_placed
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
                self._train_sequences(tf.gather(inputs, batches[step]), tf.gather(targets, batches[step])),
            )
        return losses.stack()

    def _train_sequences(self, inputs: Tensor, targets: Tensor) -> Tensor:
        """Every update of one batch of sequences -> (updates,) losses."""
        state = self._zero_state(inputs)
        losses = []
        for span in self._spans:
            loss, state = self._learn(inputs, targets, span, state)
            losses.append(loss)
        return tf.stack(losses)

    def _predict_batch(self, inputs: Tensor) -> Tensor:
        hidden, *_ = self._layer(inputs, initial_state=self._zero_state(inputs))
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

    def _learn(self, inputs: Tensor, targets: Tensor, span: Span, state: State) -> tuple[Tensor, State]:
        """One update; the loss before it, and the state after its steps, cut from its gradient."""
        if span.cut > span.start:
            _, *state = self._layer(inputs[:, span.start : span.cut], initial_state=state)
        with tf.GradientTape() as tape:
            hidden, *state = self._layer(inputs[:, span.cut : span.stop], initial_state=state)
            if self._model.readout == "every":
                targets = targets[:, span.cut : span.stop]
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
