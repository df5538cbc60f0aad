"""Clipping, learning rates and update rules, on Keras' variables."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from adapters.interface import Adam, AdamW, Cosine, Exponential, RmsProp, Sgd, TrainSpec

Tensor = Any


class Optimizer:
    """Changes variables by their gradients, and holds what the updates so far have left behind.

    `means` are the momentum's velocities or Adam's m, `squares` the s of RMSprop or Adam's v.
    """

    def __init__(self, train: TrainSpec, variables: Mapping[str, Tensor]) -> None:
        self._train = train
        self._dtype = tf.as_dtype(train.kept_dtype)
        self._variables = variables
        self._means = {name: tf.Variable(tf.zeros_like(each)) for name, each in variables.items()}
        self._squares = {name: tf.Variable(tf.zeros_like(each)) for name, each in variables.items()}
        self._updates = tf.Variable(0.0, dtype=tf.float64)

    def changing(self) -> dict[str, Tensor]:
        """All that an update changes beside the variables themselves, by name."""
        return {
            **{f"mean of {name}": mean for name, mean in self._means.items()},
            **{f"square of {name}": square for name, square in self._squares.items()},
            "updates": self._updates,
        }

    def update(self, gradients: Sequence[Tensor]) -> None:
        """Make one update; the gradients are in the order of the variables."""
        rule = self._train.optimizer
        clipped = dict(zip(self._variables, self._clip(gradients), strict=True))
        count = self._updates.assign_add(1.0)
        RULES[type(rule)](self, rule, clipped, count)

    def _clip(self, gradients: Sequence[Tensor]) -> Sequence[Tensor]:
        """Every element to [−c, c], or g ← g·c/max(‖g‖, c) with the norm over all of them."""
        if self._train.clip_value is not None:
            limit = self._train.clip_value
            return [tf.clip_by_value(gradient, -limit, limit) for gradient in gradients]
        if self._train.clip_norm is not None:
            factor = shortening(self._train.clip_norm, gradients)
            return [gradient * factor for gradient in gradients]
        return gradients

    def _rate(self, count: Tensor) -> Tensor:
        """η of the update that makes `count` of them, in float64."""
        rate = self._train.optimizer.learning_rate
        if isinstance(rate, int | float):
            return tf.constant(rate, tf.float64)
        return SCHEDULES[type(rate)](rate, count - 1)

    def sgd(self, rule: Sgd, gradients: Mapping[str, Tensor], count: Tensor) -> None:
        """θ ← θ − η·g."""
        rate = tf.cast(self._rate(count), self._dtype)
        for name, gradient in gradients.items():
            self._variables[name].assign_sub(rate * self._direction(rule, name, gradient))

    def _direction(self, rule: Sgd, name: str, gradient: Tensor) -> Tensor:
        """g; with momentum v ← μ·v + g, which is the direction, or in Nesterov's form g + μ·v."""
        if rule.momentum == 0:
            return gradient
        velocity = self._means[name].assign(rule.momentum * self._means[name] + gradient)
        return gradient + rule.momentum * velocity if rule.nesterov else velocity

    def rms_prop(self, rule: RmsProp, gradients: Mapping[str, Tensor], count: Tensor) -> None:
        """s ← s + (1−ρ)·(g² − s), θ ← θ − η·g/(√s + ε)."""
        rate = tf.cast(self._rate(count), self._dtype)
        for name, gradient in gradients.items():
            square = self._squares[name]
            square.assign_add((tf.square(gradient) - square) * (1 - rule.decay))
            self._variables[name].assign_sub(rate * gradient / (tf.sqrt(square) + rule.epsilon))

    def adam(self, rule: Adam | AdamW, gradients: Mapping[str, Tensor], count: Tensor) -> None:
        """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), m ← m + (1−β₁)·(g − m), v ← v + (1−β₂)·(g² − v)."""
        rate = self._rate(count) * tf.sqrt(1 - rule.beta2**count) / (1 - rule.beta1**count)
        rate = tf.cast(rate, self._dtype)
        for name, gradient in gradients.items():
            mean, square = self._means[name], self._squares[name]
            mean.assign_add((gradient - mean) * (1 - rule.beta1))
            square.assign_add((tf.square(gradient) - square) * (1 - rule.beta2))
            self._variables[name].assign_sub(rate * mean / (tf.sqrt(square) + rule.epsilon))

    def adam_w(self, rule: AdamW, gradients: Mapping[str, Tensor], count: Tensor) -> None:
        """θ ← θ·(1 − η·λ), then as Adam."""
        kept = tf.cast(1 - self._rate(count) * rule.weight_decay, self._dtype)
        for variable in self._variables.values():
            variable.assign(variable * kept)
        self.adam(rule, gradients, count)


RULES: dict[type, Callable[[Optimizer, Any, Mapping[str, Tensor], Tensor], None]] = {
    Sgd: Optimizer.sgd,
    RmsProp: Optimizer.rms_prop,
    Adam: Optimizer.adam,
    AdamW: Optimizer.adam_w,
}
"""By the exact type of the spec."""


def shortening(limit: float, gradients: Sequence[Tensor]) -> Tensor:
    """c/max(‖g‖, c); in float64 where the square of the norm, or the limit, is beyond float32."""
    longest = tf.maximum(tf.linalg.global_norm(gradients), limit)
    factor = limit / longest
    if factor.dtype == tf.float64:
        return factor
    in_float64 = tf.cast(shortening(limit, [tf.cast(each, tf.float64) for each in gradients]), factor.dtype)
    return tf.where(tf.math.is_inf(longest), in_float64, factor)


def cosine(schedule: Cosine, before: Tensor) -> Tensor:
    """peak·(n+1)/warm_up while n < warm_up, then floor + (peak − floor)·½(1 + cos(π·p))."""
    length = schedule.updates - schedule.warm_up
    progress = tf.clip_by_value((before - schedule.warm_up) / length, 0.0, 1.0)
    down = schedule.floor + (schedule.peak - schedule.floor) * 0.5 * (1 + tf.cos(math.pi * progress))
    up = schedule.peak * (before + 1) / max(schedule.warm_up, 1)
    return tf.where(before < schedule.warm_up, up, down)


def exponential(schedule: Exponential, before: Tensor) -> Tensor:
    """start·decay^(n/every)."""
    return schedule.start * schedule.decay ** (before / schedule.every)


SCHEDULES: dict[type, Callable[[Any, Tensor], Tensor]] = {Cosine: cosine, Exponential: exponential}
"""By the exact type of the spec: the rate after `before` updates, in float64."""
