"""Adapters with one mistake each in layers, directions, lengths, schedules or updates."""

from dataclasses import replace

import numpy as np

from adapters.conformance.formulas import complex_step
from adapters.conformance.reference import READ_TARGETS, Reference
from adapters.interface import rate_at


class PaddingInGradient(Reference):
    """The loss that is reported leaves the padding out, the gradient does not."""

    def differentiate(self, batch, span, states):
        loss, _, after = super().differentiate(batch, span, states)
        if span.cut > span.start:
            _, states = self.forward(self.values, batch.steps(span.start, span.cut), states)
        reached, (targets, valid) = (
            batch.steps(span.cut, span.stop),
            READ_TARGETS[self.model.readout](batch, span),
        )

        def padded_loss(parameters):
            return self.loss(self.forward(parameters, reached, states)[0], targets, np.ones_like(valid))

        return loss, complex_step(padded_loss, self.values), after


class IdleUpdatesSkipped(Reference):
    """An update that no valid step falls into is not made."""

    def update(self, gradient):
        if any(value.any() for value in gradient.values()):
            super().update(gradient)


class PredictsPadding(Reference):
    """It has a `predict` of its own, which lets through what lies beyond the lengths."""

    def predict(self, inputs, lengths=None):
        return self._predict(inputs, lengths)


class NesterovIgnored(Reference):
    def sgd(self, rule, name, gradient):
        return super().sgd(replace(rule, nesterov=False), name, gradient)


class ScheduleByBatches(Reference):
    """Its schedule counts batches, of which each has several updates."""

    batches = 0

    def _train(self, batches):
        losses = []
        for row in batches:
            losses.append(super()._train(row[np.newaxis]))
            self.batches += 1
        return np.concatenate(losses) if losses else super()._train(batches)

    def rate(self):
        return rate_at(self.spec.optimizer.learning_rate, self.batches)

    def state(self):
        return {**super().state(), "batches": np.array(self.batches)}

    def restore(self, state):
        super().restore(state)
        self.batches = int(state["batches"])
