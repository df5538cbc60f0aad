"""Adapters that compute almost what NumPy's does: the proof of lockstep must tell by how much."""

from functools import partial

import numpy as np

from adapters.interface import Adam
from adapters.numpy_backend.adapter import NumpyAdapter


class FasterByAMillionth(NumpyAdapter):
    """Its steps are longer by one part in a million."""

    def _update(self):
        before = self._parameters.copy()
        super()._update()
        self._parameters += 1e-6 * (self._parameters - before)


class EpsilonInsideRoot(NumpyAdapter):
    """Adam's epsilon stands under the root."""

    def __init__(self, model, train, parameters, *, device="cpu"):
        super().__init__(model, train, parameters, device=device)
        if isinstance(train.optimizer, Adam):
            self._optimizer = EpsilonUnderRoot(train.optimizer)


class EpsilonUnderRoot:
    def __init__(self, spec):
        self.spec = spec
        self.step = 0
        self.mean = self.square = 0.0

    def update(self, parameters, gradient_sum, batch):
        yield partial(self.move, parameters, gradient_sum, batch)

    def move(self, parameters, gradient_sum, batch):
        spec, gradient = self.spec, gradient_sum / batch
        self.step += 1
        self.mean = spec.beta1 * self.mean + (1 - spec.beta1) * gradient
        self.square = spec.beta2 * self.square + (1 - spec.beta2) * gradient**2
        rate = spec.learning_rate * np.sqrt(1 - spec.beta2**self.step) / (1 - spec.beta1**self.step)
        parameters -= rate * self.mean / np.sqrt(self.square + spec.epsilon)


class RoundsFloat32(NumpyAdapter):
    """Right in float64; in float32 its losses are a hundredth too high from the eleventh update on."""

    def _train(self, batches):
        losses = super()._train(batches)
        if losses.dtype == np.float32:
            losses[10:] += np.float32(0.01)
        return losses
