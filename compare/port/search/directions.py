"""How a rule moves parameters, simulated in float64 on gradients that a program was seen to have."""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt

import numpy as np

from adapters.interface import Array
from compare.port.records.rules import Rule, Seen


def directions(rule: Rule, seen: Seen, rates: Sequence[float] | None = None) -> Iterator[dict[str, Array]]:
    """By update: what the rate multiplies when the rule meets these parameters and gradients.

    `rates` are needed where velocity is one of moves.
    """
    memory: dict[str, _Moments] = {}
    for n, (gradient, norms) in enumerate(zip(seen.gradients, seen.norms, strict=True)):
        values, moves = seen.parameters[n], {}
        rate = rates[n] if rates is not None else 1.0
        for name, raw in gradient.items():
            g = _clipped(rule, name, raw, norms)
            moments = memory.setdefault(name, _Moments(g))
            if rule.coupled:
                g = g + rule.weight_decay * values[name]
            with np.errstate(all="ignore"):  # an epsilon of 0 where nothing moves
                move = _KINDS[rule.kind](rule, moments, g, n + 1, rate)
            moves[name] = move if rule.coupled else move + rule.weight_decay * values[name]
        yield moves


def _clipped(rule: Rule, name: str, gradient: Array, norms: Mapping[str, float]) -> Array:
    c = rule.clip_limit
    if rule.clip is None:
        return gradient
    if rule.clip == "value":
        return np.clip(gradient, -c, c)
    if rule.clip == "norm of each array":
        return gradient * c / max(norms[name], c)
    whole = sqrt(sum(norm**2 for norm in norms.values()))
    if rule.clip == "norm":
        return gradient * c / max(whole, c)
    assert rule.clip == "norm + 1e-6"
    return gradient * min(1.0, c / (whole + 1e-6))


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
