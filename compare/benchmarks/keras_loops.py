"""Keras as its users write it: a compiled model and `fit`."""

from collections.abc import Mapping

import keras
import numpy as np

from adapters.interface import Adam, Array, Declaration, ModelSpec, TrainSpec
from compare.benchmarks.native_loop import ClassifiesByLastState


class Fit(ClassifiesByLastState):
    """`keras.layers.LSTM` and `Dense` under `model.fit`, which returns one loss for all its batches."""

    declaration = Declaration(
        distribution="tensorflow",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
        },
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        super().__init__(model, train, parameters, device=device)
        assert isinstance(train.optimizer, Adam)
        rule = train.optimizer
        self._network = keras.Sequential(
            [
                keras.layers.LSTM(model.hidden, use_bias=model.bias),
                keras.layers.Dense(model.outputs, use_bias=model.bias),
            ]
        )
        self._network.compile(
            keras.optimizers.Adam(rule.learning_rate, rule.beta1, rule.beta2, rule.epsilon),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )

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
