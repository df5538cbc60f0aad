"""Keras 3 as its users write it, on each of its backends: `compile`, and `train_on_batch` for every batch.

A process has one backend, which `KERAS_BACKEND` names before Keras is imported; so do the declarations.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import keras
import numpy as np
from keras.src.backend.common import dtypes

from adapters.interface import Adapter, Array, Declaration, ModelSpec, TrainSpec, UnsupportedSpec
from adapters.keras_backend.network import Network
from adapters.keras_backend.training import LOSSES, optimizer_of

PREDICT_BATCH = 500

dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
"""But on TensorFlow, Keras takes products of float64 in float32, and nothing could be proven to 1e-10 of it.
The float32 that is timed is not touched by this."""


class KerasAdapter(Adapter):
    """What the three have in common, which is all but the backend."""

    backend: ClassVar[str]

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if keras.config.backend() != self.backend:
            raise RuntimeError(
                f"Keras runs on {keras.config.backend()}: set KERAS_BACKEND={self.backend} before the import"
            )
        self._model, self._train_spec = model, train
        with self._context():
            reach = {"last": train.backprop_through, "every": None}[model.readout]
            self._network = Network(model, train.dtype, reach)
            self._network.take(parameters)
            self._optimizer = optimizer_of(model, train)
            self._optimizer.build(self._network.trainable_variables)
            self._network.compile(self._optimizer, LOSSES[model.loss](reduction="sum"))

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        spans = self._train_spec.spans(self._model, inputs.shape[1])
        if len(spans) > 1:
            raise UnsupportedSpec(
                f"update_every is {self._train_spec.update_every}: train_on_batch makes one update "
                "of a batch, and hands no states on"
            )
        dtypes = {"half_squared_error": self._train_spec.dtype, "softmax_cross_entropy": "int64"}
        self._inputs = np.array(inputs, self._train_spec.dtype, order="C")
        self._targets = np.array(targets, dtypes[self._model.loss], order="C")
        self._valid = valid_steps(inputs, lengths)

    def _train(self, batches: Array) -> Array:
        losses = np.empty(len(batches), self._train_spec.dtype)
        with self._context():
            for row, indices in enumerate(batches):
                valid = None if self._valid is None else self._valid[indices]
                weights = valid if self._model.readout == "every" else None
                losses[row] = self._network.train_on_batch(
                    given(self._inputs[indices], valid), self._targets[indices], weights
                )
        return losses

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        read = {"last": (), "every": inputs.shape[1:2]}[self._model.readout]
        outputs = [np.empty((0, *read, self._model.outputs), self._train_spec.dtype)]
        sequences, valid = np.array(inputs, self._train_spec.dtype, order="C"), valid_steps(inputs, lengths)
        with self._context():
            for first in range(0, len(inputs), PREDICT_BATCH):
                part = slice(first, first + PREDICT_BATCH)
                own = None if valid is None else valid[part]
                outputs.append(self._network.predict_on_batch(given(sequences[part], own)))
        return np.concatenate(outputs)

    def parameters(self) -> dict[str, Array]:
        return self._network.arrays()

    def state(self) -> dict[str, Array]:
        return {
            str(number): np.array(keras.ops.convert_to_numpy(each))
            for number, each in enumerate(self._changing())
        }

    def restore(self, state: Mapping[str, Array]) -> None:
        with self._context():
            for number, each in enumerate(self._changing()):
                each.assign(state[str(number)])

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        return (f"Keras {keras.__version__} on {cls.backend}",)

    def _changing(self) -> list[Any]:
        return [*self._network.weights, *self._optimizer.variables]

    @contextmanager
    def _context(self) -> Iterator[None]:
        """What Keras makes is of the spec's dtype, the rate and the mean of losses too, and on the CPU."""
        before = keras.config.floatx()
        keras.config.set_floatx(self._train_spec.dtype)
        try:
            with keras.device("cpu"):
                yield
        finally:
            keras.config.set_floatx(before)


class KerasTensorFlowAdapter(KerasAdapter):
    """On TensorFlow, compiled by XLA where Keras thinks it can be."""

    backend = "tensorflow"
    declaration = Declaration(
        distribution="tensorflow",
        computes="Keras' layers, optimizers and `train_on_batch` on TensorFlow",
        variables={
            "KERAS_BACKEND": "tensorflow",
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "{threads}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        unsupported={
            "optimizer": "Keras' RMSprop adds epsilon under the root",
            "dtype": "not built for Keras' own training",
        },
    )


class KerasTorchAdapter(KerasAdapter):
    """On PyTorch, operation by operation."""

    backend = "torch"
    declaration = Declaration(
        distribution="torch",
        computes="Keras' layers, optimizers and `train_on_batch` on PyTorch",
        variables={"KERAS_BACKEND": "torch", "TF_CPP_MIN_LOG_LEVEL": "3"},
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        unsupported={
            "optimizer": "Keras' RMSprop adds epsilon under the root",
            "dtype": "not built for Keras' own training",
        },
    )


class KerasJaxAdapter(KerasAdapter):
    """On JAX, every update one XLA program."""

    backend = "jax"
    declaration = Declaration(
        distribution="jax",
        computes="Keras' layers, optimizers and `train_on_batch` on JAX",
        variables={
            "KERAS_BACKEND": "jax",
            "JAX_ENABLE_X64": "true",
            "NPROC": "{threads}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        unsupported={
            "optimizer": "Keras' RMSprop adds epsilon under the root",
            "dtype": "not built for Keras' own training",
        },
    )


def valid_steps(inputs: Array, lengths: Array | None) -> Array | None:
    """(N, T): which steps belong to a sequence; None where all of them do."""
    if lengths is None or bool((lengths == inputs.shape[1]).all()):
        return None
    valid: Array = np.arange(inputs.shape[1]) < lengths[:, np.newaxis]
    return valid


def given(inputs: Array, valid: Array | None) -> Any:
    """What a network is called with."""
    return inputs if valid is None else (inputs, valid)
