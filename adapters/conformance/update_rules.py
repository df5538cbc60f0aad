"""The update rules as plainly as can be, in float64, one parameter after another."""

from collections.abc import Callable
from typing import Any

import numpy as np

from adapters.interface import Adam, AdamW, Array, RmsProp, Sgd, TrainSpec, rate_at

Gradient = dict[str, Array]


class UpdateRules:
    """Parameters, and all that the updates so far have left behind beside them.

    `means` holds the momentum's velocities or Adam's m, `squares` the s of RMSprop or Adam's v.
    """

    def __init__(self, train: TrainSpec, values: dict[str, Array]) -> None:
        self.spec, self.values = train, values
        self.means = {name: np.zeros_like(value) for name, value in values.items()}
        self.squares = {name: np.zeros_like(value) for name, value in values.items()}
        self.updates = 0

    def clip(self, gradient: Gradient) -> Gradient:
        if self.spec.clip_value is not None:
            limit = self.spec.clip_value
            return {name: np.clip(value, -limit, limit) for name, value in gradient.items()}
        if self.spec.clip_norm is not None:
            factor = self.spec.clip_norm / max(self.norm(gradient), self.spec.clip_norm)
            return {name: value * factor for name, value in gradient.items()}
        return gradient

    def norm(self, gradient: Gradient) -> float:
        """Over all parameters at once."""
        return float(np.sqrt(sum(np.vdot(value, value) for value in gradient.values())))

    def update(self, gradient: Gradient) -> None:
        rule, rate = self.spec.optimizer, self.rate()
        direction = DIRECTIONS[type(rule)]
        self.updates += 1
        for name, value in gradient.items():
            before = self.decayed(self.values[name], rate)
            self.values[name] = before - rate * direction(self, rule, name, value)

    def rate(self) -> float:
        return rate_at(self.spec.optimizer.learning_rate, self.updates)

    def decayed(self, value: Array, rate: float) -> Array:
        rule = self.spec.optimizer
        return value * (1 - rate * rule.weight_decay) if type(rule) is AdamW else value

    def sgd(self, rule: Sgd, name: str, gradient: Array) -> Array:
        if rule.momentum == 0:
            return gradient
        velocity = self.means[name] = self.rounded(self.velocity(rule, self.means[name], gradient))
        return gradient + rule.momentum * velocity if rule.nesterov else velocity

    def velocity(self, rule: Sgd, velocity: Array, gradient: Array) -> Array:
        return np.asarray(rule.momentum * velocity + gradient)

    def rms_prop(self, rule: RmsProp, name: str, gradient: Array) -> Array:
        square = rule.decay * self.squares[name] + (1 - rule.decay) * gradient**2
        self.squares[name] = self.rounded(square)
        return self.rms_prop_direction(rule, gradient, self.squares[name])

    def rms_prop_direction(self, rule: RmsProp, gradient: Array, square: Array) -> Array:
        return np.asarray(gradient / (np.sqrt(square) + rule.epsilon))

    def adam(self, rule: Adam | AdamW, name: str, gradient: Array) -> Array:
        b1, b2 = rule.beta1, rule.beta2
        self.means[name] = self.rounded(b1 * self.means[name] + (1 - b1) * gradient)
        self.squares[name] = self.rounded(b2 * self.squares[name] + (1 - b2) * gradient**2)
        return self.adam_direction(rule, self.means[name], self.squares[name])

    def adam_direction(self, rule: Adam | AdamW, mean: Array, square: Array) -> Array:
        correction = np.sqrt(1 - rule.beta2**self.updates) / (1 - rule.beta1**self.updates)
        return np.asarray(correction * mean / (np.sqrt(square) + rule.epsilon))

    def rounded(self, moment: Array) -> Array:
        """A moment as the dtype of the spec holds it: what is too small for that is 0."""
        return moment.astype(self.spec.dtype).astype(np.float64)

    def changing(self) -> dict[str, dict[str, Array]]:
        """All that an update changes, beside the number of updates."""
        return {"value": self.values, "mean": self.means, "square": self.squares}


DIRECTIONS: dict[type, Callable[[UpdateRules, Any, str, Array], Array]] = {
    Sgd: lambda rules, rule, name, gradient: rules.sgd(rule, name, gradient),
    RmsProp: lambda rules, rule, name, gradient: rules.rms_prop(rule, name, gradient),
    Adam: lambda rules, rule, name, gradient: rules.adam(rule, name, gradient),
    AdamW: lambda rules, rule, name, gradient: rules.adam(rule, name, gradient),
}
"""By the exact type of the rule: what is multiplied with the rate and subtracted."""
