"""Adapters with one mistake each in layers, directions, lengths, schedules or updates."""

from dataclasses import replace

from adapters.conformance.reference import Reference
from adapters.interface import rate_at


class PredictsPadding(Reference):
    """It has a `predict` of its own, which lets through what lies beyond the lengths."""

    def predict(self, inputs, lengths=None):
        return self._predict(inputs, lengths)


class PredictsWithoutLengths(Reference):
    """It minds lengths in training alone."""

    def _predict(self, inputs, lengths):
        return super()._predict(inputs, None)


class NesterovIgnored(Reference):
    def sgd(self, rule, name, gradient):
        return super().sgd(replace(rule, nesterov=False), name, gradient)


def usual_kind(where):
    """The reference, some of whose layers have tanh, and the reset gate after the product, all the same."""

    class UsualKind(Reference):
        def run(self, layer, *arguments):
            asked = self.model
            if where(layer):
                self.model = replace(asked, activation="tanh", reset="after")
            ran = super().run(layer, *arguments)
            self.model = asked
            return ran

    return UsualKind


class VelocityOfSteps(Reference):
    """As Keras has it: w ← μ·w − η·g, θ ← θ + w, and in Nesterov's form θ ← θ + μ·w − η·g."""

    def update(self, gradient):
        rule = self.spec.optimizer
        if not getattr(rule, "momentum", 0):
            super().update(gradient)
            return
        rate = rate_at(rule.learning_rate, self.updates)
        self.updates += 1
        for name, value in gradient.items():
            step = self.means[name] = rule.momentum * self.means[name] - rate * value
            self.values[name] = self.values[name] + (
                rule.momentum * step - rate * value if rule.nesterov else step
            )
