"""What the loops over Keras have in common: a compiled model and `fit`."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from adapters.interface import (
    Adam,
    AdamW,
    Array,
    Cosine,
    LearningRate,
    ModelSpec,
    RmsProp,
    TrainSpec,
)
from compare.benchmarks.native_loop import NativeLoop

tf.config.experimental.enable_tensor_float_32_execution(False)  # as the adapters compute, on a GPU too


class FitLoop(NativeLoop):
    """Layers and a `Dense` readout under `model.fit`, which returns one loss for all its batches."""

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        super().__init__(model, train, parameters, device=device)
        if device == "cpu":
            tf.config.set_visible_devices([], "GPU")  # Keras takes one wherever it is seen
        dtypes = {"half_squared_error": np.float32, "softmax_cross_entropy": np.int64}
        self._targets_dtype = dtypes[model.loss]
        readout = keras.layers.Dense(model.outputs, use_bias=model.bias)
        self._network = keras.Sequential([*self._layers(model), readout])
        rule = train.optimizer
        clipping = {} if train.clip_norm is None else {"global_clipnorm": train.clip_norm}
        self._network.compile(
            OPTIMIZERS[type(rule)](rule, rate(rule.learning_rate), **clipping), LOSSES[model.loss]()
        )

    def _layers(self, model: ModelSpec) -> list[Any]:
        return [keras.layers.LSTM(model.hidden, use_bias=model.bias)]

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._inputs = np.array(inputs, np.float32)
        self._targets = np.asarray(targets, self._targets_dtype)
        if lengths is not None:
            self._inputs[np.arange(inputs.shape[1]) >= lengths[:, np.newaxis]] = PADDING

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


PADDING = -9.0
"""What `Masking` leaves out."""

LOSSES: dict[str, Callable[[], Any]] = {
    "half_squared_error": keras.losses.MeanSquaredError,
    "softmax_cross_entropy": lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
}
"""By the spec's name; the squared error is the mean over all outputs, without the ½."""


def adam(rule: Adam, rate: Any, **clipping: float) -> Any:
    return keras.optimizers.Adam(rate, rule.beta1, rule.beta2, rule.epsilon, **clipping)


def adam_w(rule: AdamW, rate: Any, **clipping: float) -> Any:
    return keras.optimizers.AdamW(rate, rule.weight_decay, rule.beta1, rule.beta2, rule.epsilon, **clipping)


def rms_prop(rule: RmsProp, rate: Any, **clipping: float) -> Any:
    return keras.optimizers.RMSprop(rate, rule.decay, epsilon=rule.epsilon, **clipping)


OPTIMIZERS: dict[type, Callable[..., Any]] = {Adam: adam, AdamW: adam_w, RmsProp: rms_prop}


def rate(of_spec: LearningRate) -> Any:
    """A number, or `CosineDecay`."""
    if isinstance(of_spec, Cosine):
        return keras.optimizers.schedules.CosineDecay(
            of_spec.peak, of_spec.updates, of_spec.floor / of_spec.peak
        )
    return of_spec
