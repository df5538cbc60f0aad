"""Adapters that compute what they should and break one promise each: of state, copies, calls or shapes."""

import numpy as np

from adapters.conformance.reference import Reference
from adapters.numpy_backend.adapter import NumpyAdapter

# what is kept from call to call


class LeakyPredict(Reference):
    left = leaking = 0.0

    def begin(self, batch):
        return tuple(tuple(part + self.leaking for part in state) for state in super().begin(batch))

    def _train(self, batches):
        self.leaking = self.left
        losses = super()._train(batches)
        self.leaking = 0.0
        return losses

    def _predict(self, inputs, lengths):
        outputs = super()._predict(inputs, lengths)
        self.left = outputs[:1].sum()
        return outputs


class CountingPredict(Reference):
    def _predict(self, inputs, lengths):
        self.updates += 1
        return super()._predict(inputs, lengths)


class ForgetfulCalls(Reference):
    def _train(self, batches):
        self.means = {name: np.zeros_like(value) for name, value in self.means.items()}
        self.squares = {name: np.zeros_like(value) for name, value in self.squares.items()}
        self.updates = 0
        return super()._train(batches)


class SharedMoments(Reference):
    latest = None

    def __init__(self, model, train, parameters, *, device="cpu"):
        super().__init__(model, train, parameters, device=device)
        SharedMoments.latest = self

    def _train(self, batches):
        latest = SharedMoments.latest
        self.means, self.squares, self.updates = latest.means, latest.squares, latest.updates
        losses = super()._train(batches)
        latest.updates = self.updates
        return losses


class StaleData(Reference):
    def _load(self, inputs, targets, lengths):
        if not hasattr(self, "data"):
            super()._load(inputs, targets, lengths)


class FirstBatchSize(Reference):
    first = None

    def differentiate(self, batch, span, states):
        self.first = self.first or len(batch.inputs)
        loss, gradient, after = super().differentiate(batch, span, states)
        return loss, {name: value * len(batch.inputs) / self.first for name, value in gradient.items()}, after


class BatchCutShort(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches[:, :100])


class RememberedClock(Reference):
    ticks = 0

    def _train(self, batches):
        RememberedClock.ticks += 1
        self.values = {name: value + 1e-13 * self.ticks for name, value in self.values.items()}
        return super()._train(batches)


class SortedBatches(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches[np.argsort(batches[:, 0], kind="stable")])


# the letter of the contract


class SortsInPlace(NumpyAdapter):
    def _train(self, batches):
        batches.sort(axis=1)
        return super()._train(batches)


class WritesParametersBack(NumpyAdapter):
    def __init__(self, model, train, parameters, *, device="cpu"):
        super().__init__(model, train, parameters, device=device)
        self.given = parameters

    def _train(self, batches):
        losses = super()._train(batches)
        for name, value in self.parameters().items():
            self.given[name][...] = value
        return losses


class LiveParameters(NumpyAdapter):
    live = None

    def parameters(self):
        self.live = self.live or super().parameters()
        return self.live

    def _train(self, batches):
        losses = super()._train(batches)
        for name, value in super().parameters().items():
            self.parameters()[name][...] = value
        return losses


class Squeezed(NumpyAdapter):
    def _predict(self, inputs, lengths):
        return np.squeeze(super()._predict(inputs, lengths))


class MindsIndexTypes(NumpyAdapter):
    def _train(self, batches):
        if batches.dtype != np.int64:
            raise IndexError("arrays used as indices must be int64")
        return super()._train(batches)


class PredictsSomethingOfNothing(NumpyAdapter):
    def _predict(self, inputs, lengths):
        return super()._predict(inputs if len(inputs) else np.zeros((1, *inputs.shape[1:])), lengths)


class LossOfNoBatch(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches) if len(batches) else np.zeros(1)


# going on from a state


class StateWithoutMoments(Reference):
    def state(self):
        state = super().state()
        return {
            name: value * 0 if name.startswith(("mean", "square")) else value for name, value in state.items()
        }


class StateWithoutCount(Reference):
    def state(self):
        return {**super().state(), "updates": np.array(0)}


class LiveState(Reference):
    def state(self):
        return {**super().state(), **{f"value of {name}": value for name, value in self.values.items()}}

    def update(self, gradient):
        arrays = dict(self.values)
        super().update(gradient)
        for name, array in arrays.items():
            array[...] = self.values[name]
        self.values = arrays


class RestoresElsewhere(Reference):
    """What training has once begun with, it goes on with."""

    begun = False

    def _train(self, batches):
        self.begun = True
        return super()._train(batches)

    def restore(self, state):
        if not self.begun:
            super().restore(state)
