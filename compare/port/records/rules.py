"""The update rule of a program, and how it moves parameters: simulated in float64 to find causes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from adapters.interface import Array

EpsilonPlace = Literal["after the bias correction", "before the bias correction", "inside the root"]
ClipForm = Literal["value", "norm", "norm + 1e-6", "norm of each array"]
Values = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What an optimizer does to a gradient, beside its learning rate.

    `decay` is RMSprop's; `velocity` says whether momentum adds up gradients, or moves already scaled by the
    rate; `weight_decay` is added to the gradient where `coupled`, else subtracted from the parameter, times
    the rate. An epsilon inside the root belongs to Adam and RMSprop.
    """

    kind: Literal["sgd", "rmsprop", "adam"]
    learning_rate: float | None = None
    schedule: str | None = None
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    velocity: Literal["of gradients", "of moves"] = "of gradients"
    beta1: float = 0.9
    beta2: float = 0.999
    decay: float = 0.9
    centered: bool = False
    amsgrad: bool = False
    epsilon: float = 0.0
    epsilon_place: EpsilonPlace = "after the bias correction"
    bias_correction: bool = True
    weight_decay: float = 0.0
    coupled: bool = False
    clip: ClipForm | None = None
    clip_limit: float = 0.0


SLUGS = {
    "learning_rate": "learning-rate", "schedule": "schedule", "momentum": "momentum",
    "dampening": "momentum", "nesterov": "momentum", "velocity": "momentum", "beta1": "betas",
    "beta2": "betas", "decay": "rmsprop-form", "centered": "rmsprop-form", "amsgrad": "betas",
    "epsilon": "epsilon-value", "epsilon_place": "epsilon-place", "bias_correction": "betas",
    "weight_decay": "weight-decay", "coupled": "weight-decay", "clip": "clip", "clip_limit": "clip",
}  # fmt: skip
"""By field of a rule: the mistake that another value of it is."""

USED = {
    "sgd": {"momentum", "dampening", "nesterov"},
    "rmsprop": {"momentum", "decay", "centered", "epsilon"},
    "adam": {"beta1", "beta2", "amsgrad", "epsilon", "nesterov"},
}
"""By kind of rule: the settings that it has beside those that all have."""


def clipped(rule: Rule, gradient: Values) -> dict[str, Array]:
    """The gradient after the rule's clipping."""
    c = rule.clip_limit
    match rule.clip:
        case None:
            return dict(gradient)
        case "value":
            return {name: np.clip(g, -c, c) for name, g in gradient.items()}
        case "norm of each array":
            return {name: g * c / max(_norm([g]), c) for name, g in gradient.items()}
        case "norm":
            norm = _norm(gradient.values())
            return {name: g * c / max(norm, c) for name, g in gradient.items()}
        case "norm + 1e-6":
            factor = min(1.0, c / (_norm(gradient.values()) + 1e-6))
            return {name: g * factor for name, g in gradient.items()}


def _norm(arrays: Iterable[Array]) -> float:
    return float(np.sqrt(sum(float(np.vdot(g, g)) for g in arrays)))


def directions(
    rule: Rule,
    parameters: Sequence[Values],
    gradients: Sequence[Values],
    rates: Sequence[float] | None = None,
) -> Iterator[dict[str, Array]]:
    """By update: what the rate multiplies when the rule meets these parameters and gradients.

    `rates` are needed where velocity is one of moves.
    """
    memory: dict[str, _Moments] = {}
    for n, (values, raw) in enumerate(zip(parameters, gradients, strict=True)):
        moves = {}
        rate = rates[n] if rates is not None else 1.0
        for name, g in clipped(rule, raw).items():
            moments = memory.setdefault(name, _Moments(g))
            if rule.coupled:
                g = g + rule.weight_decay * values[name]  # noqa: PLW2901
            with np.errstate(all="ignore"):  # an epsilon of 0 where nothing moves
                move = _KINDS[rule.kind](rule, moments, g, n + 1, rate)
            moves[name] = move if rule.coupled else move + rule.weight_decay * values[name]
        yield moves


class _Moments:
    def __init__(self, like: Array) -> None:
        self.first, self.second, self.mean = (np.zeros_like(like) for _ in range(3))
        self.largest = np.zeros_like(like)
        self.begun = False


def _sgd(rule: Rule, moments: _Moments, g: Array, n: int, rate: float) -> Array:
    return _with_momentum(rule, moments, g, rate)


def _with_momentum(rule: Rule, moments: _Moments, g: Array, rate: float) -> Array:
    if not rule.momentum:
        return g
    if rule.velocity == "of moves":
        moments.first = rule.momentum * moments.first + rate * g
        move = rate * g + rule.momentum * moments.first if rule.nesterov else moments.first
        return np.asarray(move / rate)
    fresh = g if not moments.begun else (1 - rule.dampening) * g
    moments.first, moments.begun = rule.momentum * moments.first + fresh, True
    return np.asarray(g + rule.momentum * moments.first if rule.nesterov else moments.first)


def _rmsprop(rule: Rule, moments: _Moments, g: Array, n: int, rate: float) -> Array:
    moments.second = rule.decay * moments.second + (1 - rule.decay) * g**2
    square = moments.second
    if rule.centered:
        moments.mean = rule.decay * moments.mean + (1 - rule.decay) * g
        square = square - moments.mean**2
    if rule.epsilon_place == "inside the root":
        move = g / np.sqrt(square + rule.epsilon)
    else:
        move = g / (np.sqrt(square) + rule.epsilon)
    return _with_momentum(rule, moments, move, rate)


def _adam(rule: Rule, moments: _Moments, g: Array, n: int, rate: float) -> Array:
    moments.first = rule.beta1 * moments.first + (1 - rule.beta1) * g
    moments.second = rule.beta2 * moments.second + (1 - rule.beta2) * g**2
    one, two = (1 - rule.beta1**n, 1 - rule.beta2**n) if rule.bias_correction else (1.0, 1.0)
    first = rule.beta1 * moments.first + (1 - rule.beta1) * g if rule.nesterov else moments.first
    square = moments.second
    if rule.amsgrad:
        square = moments.largest = np.maximum(moments.largest, square)
    if rule.epsilon_place == "before the bias correction":
        return np.asarray(np.sqrt(two) / one * first / (np.sqrt(square) + rule.epsilon))
    if rule.epsilon_place == "inside the root":
        return np.asarray(first / one / np.sqrt(square / two + rule.epsilon))
    return np.asarray(first / one / (np.sqrt(square / two) + rule.epsilon))


_KINDS = {"sgd": _sgd, "rmsprop": _rmsprop, "adam": _adam}
