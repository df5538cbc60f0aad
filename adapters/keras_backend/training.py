"""Losses, schedules and optimizers, as Keras has them or lets its users write them."""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from adapters.interface import Adam, AdamW, Cosine, Exponential, ModelSpec, Sgd, TrainSpec, UnsupportedSpec

Tensor = Any
Number = Callable[[float], float]


def sequences(outputs: Tensor) -> Tensor:
    """How many there are, also where Keras has traced for any number, as TensorFlow does once it changes."""
    return ops.cast(ops.shape(outputs)[0], outputs.dtype)


class HalfSquaredError(keras.losses.Loss):  # type: ignore[misc]
    """½(ŷ−y)², summed over outputs; as one share of the mean over the batch, (B,) or (B, T)."""

    def call(self, targets: Tensor, outputs: Tensor) -> Tensor:
        return ops.sum(ops.square(outputs - targets), axis=-1) / (2 * sequences(outputs))


class SoftmaxCrossEntropy(keras.losses.Loss):  # type: ignore[misc]
    """−log softmax(ŷ) at the class that is the target; likewise."""

    def call(self, targets: Tensor, outputs: Tensor) -> Tensor:
        values = keras.losses.sparse_categorical_crossentropy(targets, outputs, from_logits=True)
        return values / sequences(outputs)


LOSSES: dict[str, Callable[..., Any]] = {
    "half_squared_error": HalfSquaredError,
    "softmax_cross_entropy": SoftmaxCrossEntropy,
}


class CosineRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """peak·(n+1)/warm_up, then floor + (peak − floor)·½(1 + cos(π·p)); Keras' own warm-up lags by one."""

    def __init__(self, spec: Cosine) -> None:
        self._spec = spec

    def __call__(self, step: Tensor) -> Tensor:
        spec, n = self._spec, ops.cast(step, "float64")
        progress = ops.clip((n - spec.warm_up) / (spec.updates - spec.warm_up), 0.0, 1.0)
        falling = spec.floor + (spec.peak - spec.floor) * 0.5 * (1.0 + ops.cos(math.pi * progress))
        return ops.where(n < spec.warm_up, spec.peak * (n + 1.0) / max(spec.warm_up, 1), falling)


class ExponentialRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """start·decay^(n/every)."""

    def __init__(self, spec: Exponential) -> None:
        self._spec = spec

    def __call__(self, step: Tensor) -> Tensor:
        n = ops.cast(step, "float64")
        return self._spec.start * ops.exp(math.log(self._spec.decay) * n / self._spec.every)


SCHEDULES: dict[type, Callable[[Any], Any]] = {Cosine: CosineRate, Exponential: ExponentialRate}


def optimizer_of(model: ModelSpec, train: TrainSpec) -> Any:
    """Keras' own, clipping included.

    Raises: UnsupportedSpec where its formula is another.
    """
    rule, rate = train.optimizer, train.optimizer.learning_rate
    two_biases = model.bias and (model.cell, model.reset) == ("gru", "after")
    if train.clip_norm is not None and two_biases:
        raise UnsupportedSpec(
            f"clip_norm is {train.clip_norm}: Keras' norm counts the gradient of a GRU's second bias, too"
        )
    rate = float(rate) if isinstance(rate, int | float) else SCHEDULES[type(rate)](rate)
    return RULES[type(rule)](
        rule, rate, NUMBERS[train.dtype], clipvalue=train.clip_value, global_clipnorm=train.clip_norm
    )


NUMBERS: dict[str, Number] = {"float64": np.float64, "float32": float}
"""By dtype, what a rule's numbers are: on TensorFlow, `ops.cast` takes those of Python through float32."""


def sgd(rule: Sgd, rate: Any, number: Number, **clipping: Any) -> Any:
    """Its velocity holds steps, not gradients: another formula where the rate changes.

    Raises: UnsupportedSpec there.
    """
    if rule.momentum and not isinstance(rate, float):
        raise UnsupportedSpec(
            f"momentum is {rule.momentum}, learning_rate a schedule: Keras' velocity keeps steps of old rates"
        )
    return keras.optimizers.SGD(rate, number(rule.momentum), rule.nesterov, **clipping)


def adam(rule: Adam, rate: Any, number: Number, **clipping: Any) -> Any:
    """Epsilon stands where the contract has it."""
    beta1, beta2 = number(rule.beta1), number(rule.beta2)
    return keras.optimizers.Adam(rate, beta1, beta2, rule.epsilon, **clipping)


def adam_w(rule: AdamW, rate: Any, number: Number, **clipping: Any) -> Any:
    """Decoupled, of all parameters, before the step."""
    decay, beta1, beta2 = number(rule.weight_decay), number(rule.beta1), number(rule.beta2)
    return keras.optimizers.AdamW(rate, decay, beta1, beta2, rule.epsilon, **clipping)


RULES: dict[type, Callable[..., Any]] = {Sgd: sgd, Adam: adam, AdamW: adam_w}
"""By the exact type of the spec."""
