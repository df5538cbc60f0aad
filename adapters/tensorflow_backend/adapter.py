"""TensorFlow: Keras layers under a custom training step, whole epochs inside one call."""

from collections.abc import Callable, Mapping
from functools import cached_property, partial, wraps
from typing import Any, ClassVar, TypeVar, cast

import keras
import numpy as np
import tensorflow as tf

from adapters.interface import (
    Adapter,
    Alone,
    Array,
    Declaration,
    Dtype,
    KernelRun,
    ModelSpec,
    TrainSpec,
    UnsupportedSpec,
    Work,
)
from adapters.tensorflow_backend.alone import PLACES, alone
from adapters.tensorflow_backend.reduced import check_kernels, compiled_on_cpu, on_gpu
from adapters.tensorflow_backend.shares import Shares, has_long_updates, shares_for, text_of
from adapters.tensorflow_backend.trainer import Tensor, Trainer
from adapters.xla_programs import kernels_in

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
    """Keras' `SimpleRNN`, `LSTM` and `GRU`, stacked, one way or `Bidirectional`, and a `Dense` readout.

    All updates of a batch are one XLA program. Of a large batch each thread has a share of the sequences: an
    update is a program for the gradients of each share, and one that takes their sum.
    """

    declaration = Declaration(
        distribution="tensorflow",
        computes="Keras' `SimpleRNN`, `LSTM` and `GRU` compiled by XLA, a large batch shared among threads",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "{threads}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        dtypes=("float32", "float64", "bfloat16", "float16"),
        kernels={"elman": "XLA fusion", "lstm": "XLA fusion", "gru": "XLA fusion"},
    )

    without_kernel: ClassVar[str] = "XLA computes its products in float32 on this device"

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if device == "cuda" and not tf.config.list_physical_devices("GPU"):
            raise UnsupportedSpec(f"device is {device!r}: this build of TensorFlow has no such device")
        check_kernels(train.dtype, {"cpu": self.has_cpu_kernel, "cuda": on_gpu}[device], self.without_kernel)
        self._model, self._train_spec = model, train
        self._place = PLACES[device]
        self._build(parameters)

    @_placed
    def _build(self, parameters: Mapping[str, Array]) -> None:
        model, train = self._model, self._train_spec
        self._dtype = tf.as_dtype(train.kept_dtype)
        self._any_inputs = tf.TensorSpec((None, None, model.inputs), self._dtype)
        self._trainer = Trainer(model, train, parameters)
        self._epochs: dict[tuple[Any, ...], Callable[..., Tensor]] = {}

    @_placed
    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._spans = self._train_spec.spans(self._model, inputs.shape[1])
        dtypes = {"half_squared_error": self._dtype, "softmax_cross_entropy": tf.int64}
        self._data: tuple[Tensor, ...] = (
            tf.constant(inputs, self._dtype),
            tf.constant(targets, dtypes[self._model.loss]),
        )
        if not are_full(lengths, inputs):
            self._data += (tf.constant(lengths),)

    @staticmethod
    def has_cpu_kernel(dtype: Dtype) -> bool:
        """Whether a product of such numbers is computed in them, as this adapter runs it."""
        return compiled_on_cpu(dtype)

    def batch_program(self, *batch: tf.TensorSpec) -> Callable[..., Tensor]:
        """Every update of one such batch, as this adapter runs it."""
        if self.shares(batch[0].shape[0]) > 1:
            return self._train_batch
        return trace(self._train_batch, *batch, jit_compile=True)

    def executor_for(self, size: int) -> str:
        """What TensorFlow calls the way in which it runs all batches of such a size.

        Where one program follows another, no thread needs to look for what could run beside it.
        """
        follows = self._on_cpu and self.shares(size) == 1
        return "SINGLE_THREADED_EXECUTOR" if follows else "DEFAULT"

    def shares(self, batch: int) -> int:
        if not self._on_cpu or not has_long_updates(self._spans):
            return 1  # a GPU has all of it
        return shares_for(batch, self._model.gates * self._model.hidden)

    @property
    def _on_cpu(self) -> bool:
        return self._place == PLACES["cpu"]

    def _train_batch(self, *batch: Tensor) -> Tensor:
        count = self.shares(batch[0].shape[0])
        if count > 1:
            return Shares(self._trainer, count, self._spans[0].cut).train_batch(*batch)
        return self._trainer.train_batch(*batch, spans=self._spans)

    @_placed
    def _train(self, batches: Array) -> Array:
        shapes = (batches.shape[1], *(tuple(each.shape) for each in self._data))
        with tf.experimental.function_executor_type(self.executor_for(batches.shape[1])):
            if shapes not in self._epochs:
                self._epochs[shapes] = self._trace_epoch(batches.shape[1])
            losses: Array = self._epochs[shapes](tf.constant(batches, tf.int64), *self._data).numpy()
        return losses.ravel()

    @_placed
    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        sequences = tf.constant(inputs, self._dtype)
        if are_full(lengths, inputs):
            outputs = self._outputs(sequences)
        else:
            outputs = self._outputs_of_ragged(sequences, tf.constant(lengths))
        array: Array = outputs.numpy()
        return array

    def parameters(self) -> dict[str, Array]:
        return self._trainer.parameters()

    def state(self) -> dict[str, Array]:
        return {name: np.array(variable.numpy()) for name, variable in self._trainer.changing().items()}

    @_placed
    def restore(self, state: Mapping[str, Array]) -> None:
        for name, variable in self._trainer.changing().items():
            variable.assign(state[name])

    @cached_property
    def _outputs(self) -> Callable[..., Tensor]:
        return trace(self._trainer.predict, self._any_inputs)

    @cached_property
    def _outputs_of_ragged(self) -> Callable[..., Tensor]:
        return trace(self._trainer.predict, self._any_inputs, tf.TensorSpec((None,), tf.int64))

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        return (f"Keras {keras.__version__}", "XLA, Eigen and oneDNN as built into TensorFlow")

    def kernels(self, batches: Array) -> tuple[KernelRun, ...]:
        self.train(batches)
        return kernels_in("\n".join(self._programs(batches.shape[1])))

    @_placed
    def _programs(self, size: int) -> list[str]:
        """What XLA makes of all updates of a batch, as text."""
        batch = [tf.zeros((size, *each.shape[1:]), each.dtype) for each in self._data]
        if (count := self.shares(size)) > 1:
            return [*Shares(self._trainer, count, self._spans[0].cut).programs(*batch)]
        return [text_of(tf.function(self._train_batch, jit_compile=True), *batch)]

    @classmethod
    def alone(cls, work: Work) -> Alone:
        return alone(work, compiled=True)

    def _trace_epoch(self, size: int) -> Callable[..., Tensor]:
        """Training on batches of one size: shapes known to a graph make it faster."""
        whole = [tf.TensorSpec(each.shape, each.dtype) for each in self._data]
        batch = [tf.TensorSpec((size, *each.shape[1:]), each.dtype) for each in self._data]
        program = self.batch_program(*batch)
        return trace(partial(self._train_batches, program), tf.TensorSpec((None, size), tf.int64), *whole)

    def _train_batches(self, train_batch: Callable[..., Tensor], batches: Tensor, *data: Tensor) -> Tensor:
        steps = tf.shape(batches)[0]
        losses = tf.TensorArray(self._dtype, size=steps, element_shape=(len(self._spans),))
        for step in tf.range(steps):
            losses = losses.write(step, train_batch(*[tf.gather(each, batches[step]) for each in data]))
        return losses.stack()


def trace(
    function: Callable[..., Tensor], *signature: tf.TensorSpec, **options: Any
) -> Callable[..., Tensor]:
    """The graph of a function."""
    traced: Callable[..., Tensor] = tf.function(
        function, input_signature=signature, **options
    ).get_concrete_function()
    return traced


def are_full(lengths: Array | None, inputs: Array) -> bool:
    """Whether no sequence has padding."""
    return lengths is None or bool((lengths == inputs.shape[1]).all())
