"""Update rules, clipping and schedules as pure functions of one vector of all parameters."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array as Tensor

from adapters.interface import Adam, AdamW, Cosine, Exponential, RmsProp, Sgd, TrainSpec


class TrainState(NamedTuple):
    """All that training changes, and the number of updates so far.

    `mean` holds the momentum's velocity or Adam's m, `square` the s of RMSprop or Adam's v.
    """

    parameters: Tensor
    mean: Tensor
    square: Tensor
    updates: Tensor


def sgd(spec: Sgd, before: TrainState, gradient: Tensor, rate: Any) -> TrainState:
    """θ ← θ − η·g; with a momentum v ← μ·v + g and θ ← θ − η·v, or by Nesterov θ ← θ − η·(g + μ·v)."""
    if spec.momentum == 0:
        return moved(before, times(rate, gradient))
    velocity = spec.momentum * before.mean + gradient
    direction = gradient + spec.momentum * velocity if spec.nesterov else velocity
    return moved(before, times(rate, direction))._replace(mean=velocity)


def rms_prop(spec: RmsProp, before: TrainState, gradient: Tensor, rate: Any) -> TrainState:
    """s ← s + (1−ρ)·(g² − s); θ ← θ − η·g/(√s + ε)."""
    square = before.square + (1 - spec.decay) * (gradient**2 - before.square)
    step = times(rate, gradient) / (jnp.sqrt(square) + spec.epsilon)
    return moved(before, step)._replace(square=square)


def adam(spec: Adam | AdamW, before: TrainState, gradient: Tensor, rate: Any) -> TrainState:
    """θ ← θ − η·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√v + ε), m ← m + (1−β₁)·(g − m), v ← v + (1−β₂)·(g² − v)."""
    t = before.updates + 1
    mean = before.mean + (1 - spec.beta1) * (gradient - before.mean)
    square = before.square + (1 - spec.beta2) * (gradient**2 - before.square)
    rate = rate * jnp.sqrt(1 - spec.beta2**t) / (1 - spec.beta1**t)
    step = times(rate, mean) / (jnp.sqrt(square) + spec.epsilon)
    return moved(before, step)._replace(mean=mean, square=square)


def adamw(spec: AdamW, before: TrainState, gradient: Tensor, rate: Any) -> TrainState:
    """θ ← θ·(1 − η·λ), then as Adam."""
    decayed = times(1 - rate * spec.weight_decay, before.parameters)
    return adam(spec, before._replace(parameters=decayed), gradient, rate)


def moved(before: TrainState, step: Tensor) -> TrainState:
    """θ ← θ − step."""
    return before._replace(parameters=before.parameters - step, updates=before.updates + 1)


def times(factor: Any, values: Tensor) -> Tensor:
    """A product in the dtype of the values; factors are computed in float64."""
    return jnp.asarray(factor, values.dtype) * values


def cosine(spec: Cosine, n: Tensor) -> Tensor:
    """peak·(n+1)/warm_up; then floor + (peak − floor)·½(1 + cos(π·p)), p from 0 to 1."""
    progress = jnp.clip((n - spec.warm_up) / (spec.updates - spec.warm_up), 0, 1)
    falling = spec.floor + (spec.peak - spec.floor) * 0.5 * (1 + jnp.cos(jnp.pi * progress))
    return jnp.where(n < spec.warm_up, spec.peak * (n + 1) / max(spec.warm_up, 1), falling)


def exponential(spec: Exponential, n: Tensor) -> Tensor:
    """start·decay^(n/every)."""
    return spec.start * spec.decay ** (n / spec.every)


RULES: dict[type, Callable[[Any, TrainState, Tensor, Any], TrainState]] = {
    Sgd: sgd,
    RmsProp: rms_prop,
    Adam: adam,
    AdamW: adamw,
}
SCHEDULES: dict[type, Callable[[Any, Tensor], Tensor]] = {Cosine: cosine, Exponential: exponential}
"""By type: the rate, in float64, of the update that n others came before."""


def clipped(train: TrainSpec, gradient: Tensor) -> Tensor:
    """Every element to [−c, c], or g·c/max(‖g‖, c), or as it is."""
    if train.clip_value is not None:
        return jnp.clip(gradient, -train.clip_value, train.clip_value)
    if train.clip_norm is not None:
        return times(shortening(train.clip_norm, gradient), gradient)
    return gradient


def shortening(limit: float, gradient: Tensor) -> Tensor:
    """c/max(‖g‖, c); in float64 where the square of the norm, or the limit, is beyond float32."""
    longest = jnp.maximum(jnp.linalg.norm(gradient), limit)
    factor = limit / longest
    if gradient.dtype == jnp.float64:
        return factor
    in_float64 = shortening(limit, gradient.astype(jnp.float64)).astype(gradient.dtype)
    return jnp.where(jnp.isinf(longest), in_float64, factor)


def update(train: TrainSpec, before: TrainState, gradient: Tensor) -> TrainState:
    """The train state after one update; the gradient is a vector as the parameters are."""
    rule, rate = train.optimizer, train.optimizer.learning_rate
    rate = float(rate) if isinstance(rate, int | float) else SCHEDULES[type(rate)](rate, before.updates)
    return RULES[type(rule)](rule, before, clipped(train, gradient), rate)
