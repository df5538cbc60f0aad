"""Keras as its users write it: a compiled model and `fit`."""

from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from adapters.interface import Adam, Array, Declaration, ModelSpec, TrainSpec
from compare.benchmarks.native_loop import CLASSIFICATION, ClassifiesByLastState


class Fit(ClassifiesByLastState):
    """`keras.layers.LSTM` and `Dense` under `model.fit`, which returns one loss for all its batches."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        super().__init__(model, train, parameters, device=device)
        if device == "cpu":
            tf.config.set_visible_devices([], "GPU")  # Keras takes one wherever it is seen
        assert isinstance(train.optimizer, Adam)
        rule = train.optimizer
        self._network = keras.Sequential(
            [
                *self._layers(model),
                keras.layers.Dense(model.outputs, use_bias=model.bias),
            ]
        )
        self._network.compile(
            keras.optimizers.Adam(rule.learning_rate, rule.beta1, rule.beta2, rule.epsilon),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )

    def _layers(self, model: ModelSpec) -> list[Any]:
        return [keras.layers.LSTM(model.hidden, use_bias=model.bias)]

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._inputs, self._targets = np.asarray(inputs, np.float32), np.asarray(targets, np.int64)

    def _train(self, batches: Array) -> Array:
        order = batches.ravel()
        history = self._network.fit(
            self._inputs[order],
            self._targets[order],
            batch_size=batches.shape[1],
            shuffle=False,
            verbose=0,
        )
        return np.array(history.history["loss"])


class GruFit(Fit):
    """`keras.layers.GRU` in the same way: two biases a gate are trained, where the contract has one."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("gru",),
        resets=("after",),
        optimizers=("adam",),
        dtypes=("float32",),
    )
    fixed: ClassVar[Mapping[str, object]] = {"cell": "gru", **CLASSIFICATION}

    def _layers(self, model: ModelSpec) -> list[Any]:
        return [keras.layers.GRU(model.hidden, use_bias=model.bias)]


class StackedFit(Fit):
    """Two `keras.layers.Bidirectional` LSTMs, one upon the other."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
        features=("layers", "bidirectional"),
    )
    fixed: ClassVar[Mapping[str, object]] = {
        "cell": "lstm",
        "layers": 2,
        "bidirectional": True,
        **CLASSIFICATION,
    }

    def _layers(self, model: ModelSpec) -> list[Any]:
        return [
            keras.layers.Bidirectional(
                keras.layers.LSTM(model.hidden, use_bias=model.bias, return_sequences=below)
            )
            for below in (True, False)
        ]
