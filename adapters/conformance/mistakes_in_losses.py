"""Typical mistakes in losses, states and what has none of a loss, each made on purpose in the reference.

The `cause` of each is what a person reads in the message of a failed check.
"""

import numpy as np

from adapters.conformance.reference import Batch, Reference, States
from adapters.interface import Array, Span


class MeanOverOutputs(Reference):
    cause = "the loss looks averaged over the outputs: it is their sum"

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) / self.model.outputs)


class MeanOverTime(Reference):
    cause = "the loss looks averaged over the time steps: it is their sum"

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) / outputs.shape[-2])


class MeanOverAll(Reference):
    cause = "the loss looks averaged over outputs and time steps: it is their sum"

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) / (outputs.shape[-1] * outputs.shape[-2]))


class MeanOverValidSteps(Reference):
    cause = "the loss looks averaged over the valid steps: it is their sum"

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) * len(targets) / max(1, valid.sum()))


class SumOverBatch(Reference):
    cause = "the loss looks summed over the batch: it is averaged"

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) * len(targets))


class HalfMissing(Reference):
    cause = "the half of the half squared error looks missing"

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) * 2)


class PaddingInGradient(Reference):
    cause = "the gradient looks to count the steps beyond a sequence's length, which the loss leaves out"

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        is_differentiated = np.iscomplexobj(outputs)  # gradients are complex steps
        return super().loss(outputs, targets, valid | is_differentiated)


class IdleUpdatesSkipped(Reference):
    cause = "an update that no valid step falls into looks left out: moments, decay and counters go on in it"

    def update(self, gradient: dict[str, Array]) -> None:
        if any(value.any() for value in gradient.values()):
            super().update(gradient)


class StateCarriedOver(Reference):
    cause = "the state looks carried over from one batch to the next: every sequence starts at zero"

    last: States | None = None

    def begin(self, batch: int) -> States:
        return self.last or super().begin(batch)

    def differentiate(
        self, batch: Batch, span: Span, states: States
    ) -> tuple[float, dict[str, Array], States]:
        loss, gradient, self.last = super().differentiate(batch, span, states)
        return loss, gradient, self.last


class StateReset(Reference):
    cause = "the state looks reset at every update: within a sequence it is carried on"

    def differentiate(
        self, batch: Batch, span: Span, states: States
    ) -> tuple[float, dict[str, Array], States]:
        return super().differentiate(batch, span, self.begin(len(batch.inputs)))


class GradientNotCut(Reference):
    cause = "the gradient looks uncut: it reaches back no more than backprop_through steps"

    def differentiate(
        self, batch: Batch, span: Span, states: States
    ) -> tuple[float, dict[str, Array], States]:
        return super().differentiate(batch, span._replace(cut=span.start), states)


class LossAfterUpdate(Reference):
    cause = "the loss looks read after the update: realise or copy it before any parameter is assigned"

    def _train(self, batches: Array) -> Array:
        losses = []
        for row in batches:
            batch, states = Batch(*(part[row] for part in self.data)), self.begin(len(row))
            for span in self.spans:
                _, gradient, after = self.differentiate(batch, span, states)
                self.update(self.clip(gradient))
                losses.append(self.differentiate(batch, span, states)[0])
                states = after
        return np.array(losses, self.spec.dtype)


class LossesAfterAllUpdates(LossAfterUpdate):
    def _train(self, batches: Array) -> Array:
        super()._train(batches)
        losses = []
        for row in batches:
            batch, states = Batch(*(part[row] for part in self.data)), self.begin(len(row))
            for span in self.spans:
                loss, _, states = self.differentiate(batch, span, states)
                losses.append(loss)
        return np.array(losses, self.spec.dtype)


LOSS_MISTAKES: tuple[type[Reference], ...] = (
    MeanOverOutputs,
    MeanOverTime,
    MeanOverAll,
    MeanOverValidSteps,
    SumOverBatch,
    HalfMissing,
    PaddingInGradient,
    IdleUpdatesSkipped,
    StateCarriedOver,
    StateReset,
    GradientNotCut,
    LossAfterUpdate,
    LossesAfterAllUpdates,
)
