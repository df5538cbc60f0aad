"""Adapters with one mistake each in layers, directions, lengths, schedules or updates."""

from dataclasses import replace

from adapters.conformance.reference import Reference


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
