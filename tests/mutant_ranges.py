"""Adapters that depart only where something is long, wide, many, large, or nearly nothing."""

from dataclasses import replace

import numpy as np

from adapters.conformance.formulas import lstm, sigmoid
from adapters.conformance.reference import Batch, Reference
from adapters.interface import Sgd
from adapters.numpy_backend.adapter import NumpyAdapter


class Float32CalledBfloat16(NumpyAdapter):
    """As a framework does that makes other numbers of those that it has no kernel for, and says nothing."""

    declaration = replace(NumpyAdapter.declaration, dtypes=("float32", "float64", "bfloat16"))

    def __init__(self, model, train, parameters, *, device="cpu"):
        super().__init__(model, replace(train, dtype=train.kept_dtype), parameters, device=device)


class GradientCutAfter35Steps(Reference):
    """As many programs cut it that were written for words."""

    def differentiate(self, batch, span, states):
        if self.model.readout == "last" and self.spec.backprop_through is None:
            span = span._replace(cut=max(span.cut, span.stop - 35))
        return super().differentiate(batch, span, states)


class LengthsUpTo32(Reference):
    def valid_steps(self, inputs, lengths):
        return super().valid_steps(inputs, None if lengths is None else np.minimum(lengths, 32))


class CellStateBounded(Reference):
    """As some LSTMs for speech bound it."""

    def step(self, parameters, x, state):
        after = super().step(parameters, x, state)
        if self.model.cell != "lstm":
            return after
        hidden, cell = after
        return hidden, np.where(cell.real > 20, 20, np.where(cell.real < -20, -20, cell))


class GatesByTheirAsymptote(Reference):
    """σ(x) is 1 − exp(−x) above 8: right in everyday cases, and at 1000."""

    def step(self, parameters, x, state):
        def sigma(sums):
            high = sums.real > 8
            return np.where(high, 1 - np.exp(-np.where(high, sums, 0)), sigmoid(sums))

        if self.model.cell != "lstm":
            return super().step(parameters, x, state)
        return lstm(parameters, x, state, sigma)


class InputsBelowAThousandthIgnored(Reference):
    def step(self, parameters, x, state):
        return super().step(parameters, x * (np.abs(x).max(initial=1e-3 * (x.size == 0)) >= 1e-3), state)


class InputsBounded(Reference):
    """Where they are large, but not as large as what saturates every gate."""

    def _load(self, inputs, targets, lengths):
        super()._load(bounded(inputs), targets, lengths)

    def _predict(self, inputs, lengths):
        return super()._predict(bounded(inputs), lengths)


def bounded(inputs):
    return np.clip(inputs, -20, 20) if 20 < np.abs(inputs).max(initial=0) < 200 else inputs


class LargeGradientsClipped(Reference):
    def clip(self, gradient):
        return {name: np.clip(value, -1e7, 1e7) for name, value in super().clip(gradient).items()}


class PlainSgdStopsWhenConverged(Reference):
    """As programs do that fit until the loss is below a tolerance."""

    def differentiate(self, batch, span, states):
        loss, gradient, after = super().differentiate(batch, span, states)
        rule = self.spec.optimizer
        converged = loss < 1e-6 and rule == Sgd(learning_rate=rule.learning_rate)
        return loss, {name: value * (not converged) for name, value in gradient.items()}, after


class MeanOfParts(Reference):
    """A batch of more than 64 is split, and the means of its parts are averaged."""

    def differentiate(self, batch, span, states):
        if len(batch.inputs) <= 64:
            return super().differentiate(batch, span, states)
        parts = [
            super(MeanOfParts, self).differentiate(
                Batch(*(each[rows] for each in batch)), span, self.begin(len(batch.inputs[rows]))
            )
            for rows in (slice(64), slice(64, None))
        ]
        gradient = {name: sum(each[1][name] for each in parts) / 2 for name in parts[0][1]}
        return sum(each[0] for each in parts) / 2, gradient, states


class ClassesUpTo64(Reference):
    """The softmax leaves out what lies beyond."""

    def loss(self, outputs, targets, valid):
        beyond = np.arange(outputs.shape[-1]) >= 64
        kept = np.where(beyond & (self.model.loss == "softmax_cross_entropy"), -1e3, outputs)
        return super().loss(kept, np.minimum(targets, 63) if beyond.any() else targets, valid)


class WideLayersInSingle(Reference):
    def read_out(self, parameters, hidden):
        wide = self.model.hidden > 64
        return super().read_out(parameters, hidden.astype(np.float32) if wide else hidden)
