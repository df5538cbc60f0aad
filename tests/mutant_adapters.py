"""The NumPy adapter with one typical mistake each: batches, update, and the letter of the contract."""

from dataclasses import replace
from typing import Any

import numpy as np

from adapters.interface import Adam, Array
from adapters.numpy_backend import optimizers as numpy_optimizers
from adapters.numpy_backend.adapter import NumpyAdapter
from adapters.numpy_backend.calls import Calls, carry_out


class LeakyPredict(NumpyAdapter):
    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        outputs = super()._predict(inputs, lengths)
        for lane in self._lanes:
            lane.network._cell.hidden[0] = outputs.mean()
        return outputs


class CountingPredict(NumpyAdapter):
    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        if isinstance(self._optimizer, numpy_optimizers.AdamRule):
            self._optimizer._step += 1
        return super()._predict(inputs, lengths)


class ForgetfulCalls(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        self._optimizer = numpy_optimizers.optimizer(self._train_spec.optimizer, self._parameters)
        self._batch = 0
        return super()._train(batches)


class SharedMoments(NumpyAdapter):
    latest: Any = None

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        type(self).latest = self._optimizer

    def _train(self, batches: Array) -> Array:
        self._optimizer = type(self).latest
        self._batch = 0
        return super()._train(batches)


class StaleData(NumpyAdapter):
    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        if not hasattr(self, "_inputs"):
            super()._load(inputs, targets, lengths)


class FirstBatchSize(NumpyAdapter):
    first: int | None = None

    def _update_calls(self) -> Calls:
        self.first = self.first or self._batch
        now, self._batch = self._batch, self.first
        yield from super()._update_calls()
        self._batch = now


class BatchCutShort(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        return super()._train(batches[:, :100])


class RememberedClock(NumpyAdapter):
    ticks = 0

    def _train(self, batches: Array) -> Array:
        RememberedClock.ticks += 1
        self._parameters += 1e-13 * RememberedClock.ticks
        return super()._train(batches)


class SortedBatches(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        return super()._train(batches[np.argsort(batches[:, 0], kind="stable")])


def mean_gradient(adapter: NumpyAdapter) -> Array:
    return np.sum([lane.network.gradient for lane in adapter._lanes], axis=0) / adapter._batch


def move(adapter: NumpyAdapter, gradient: Array) -> None:
    carry_out(adapter._optimizer.update(adapter._parameters, gradient.copy(), 1))


class LateUpdate(NumpyAdapter):
    waiting: Array | None = None

    def _update(self) -> None:
        if self.waiting is not None:
            move(self, self.waiting)
        self.waiting = mean_gradient(self)


class LossAfterUpdate(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        losses = []
        for row in batches:
            super()._train(row[np.newaxis])
            for span in self._spans:
                self._differentiate(row, span)
            losses += [*self._losses()]
        return np.array(losses, self._dtype)


class ClippedByNorm(NumpyAdapter):
    def _update(self) -> None:
        gradient, limit = mean_gradient(self), self._train_spec.clip_value
        if limit is not None:
            gradient *= limit / max(limit, np.linalg.norm(gradient))
        move(self, gradient)


class ClippedAfterUpdate(NumpyAdapter):
    def _update(self) -> None:
        limit, before = self._train_spec.clip_value or np.inf, self._parameters.copy()
        move(self, mean_gradient(self))
        self._parameters[:] = before + np.clip(self._parameters - before, -limit, limit)


class WeightDecay(NumpyAdapter):
    def _update(self) -> None:
        self._lanes[0].network.gradient += 1e-4 * self._batch * self._parameters
        super()._update()


class PlainAdam(numpy_optimizers.AdamRule):
    def move(self, parameters: Array, gradient: Array) -> None:
        self._step += 1
        self._mean += (1 - self._spec.beta1) * (gradient - self._mean)
        self._square += (1 - self._spec.beta2) * (gradient**2 - self._square)
        b1, b2 = 1 - self._spec.beta1**self._step, 1 - self._spec.beta2**self._step
        parameters -= self._spec.learning_rate * self.direction(self._mean, self._square, b1, b2, self._spec)

    def direction(self, m: Array, v: Array, b1: float, b2: float, spec: Adam) -> Array:
        raise NotImplementedError


class EpsilonInsideRoot(PlainAdam):
    def direction(self, m: Array, v: Array, b1: float, b2: float, spec: Adam) -> Array:
        return np.sqrt(b2) / b1 * m / np.sqrt(v + spec.epsilon)


class EpsilonInsideCorrection(PlainAdam):
    def direction(self, m: Array, v: Array, b1: float, b2: float, spec: Adam) -> Array:
        return m / b1 / (np.sqrt(v / b2) + spec.epsilon)


class EpsilonOfItsOwn(PlainAdam):
    def direction(self, m: Array, v: Array, b1: float, b2: float, spec: Adam) -> Array:
        return np.sqrt(b2) / b1 * m / (np.sqrt(v) + 1e-8)


class NoBiasCorrection(PlainAdam):
    def direction(self, m: Array, v: Array, b1: float, b2: float, spec: Adam) -> Array:
        return m / (np.sqrt(v) + spec.epsilon)


class RootTaken(PlainAdam):
    def direction(self, m: Array, v: Array, b1: float, b2: float, spec: Adam) -> Array:
        return b2 / b1 * m / (np.sqrt(v) + spec.epsilon)


class DoubleMoments(numpy_optimizers.AdamRule):
    """Adam computed in float64, whatever the spec says."""

    def __init__(self, spec: Adam, parameters: Array) -> None:
        super().__init__(spec, parameters.astype(np.float64))

    def move(self, parameters: Array, gradient: Array) -> None:
        moved = parameters.astype(np.float64)
        super().move(moved, gradient.astype(np.float64))
        parameters[:] = moved


class SingleMoments(numpy_optimizers.AdamRule):
    """Adam's moments kept in float32, whatever the spec says."""

    def __init__(self, spec: Adam, parameters: Array) -> None:
        super().__init__(spec, parameters.astype(np.float32))


class SortsInPlace(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        batches.sort(axis=1)
        return super()._train(batches)


class WritesParametersBack(NumpyAdapter):
    def __init__(self, model: Any, train: Any, parameters: Any, **options: Any) -> None:
        super().__init__(model, train, parameters, **options)
        self._given = parameters

    def _train(self, batches: Array) -> Array:
        losses = super()._train(batches)
        for name, value in self.parameters().items():
            self._given[name][...] = value
        return losses


class LiveParameters(NumpyAdapter):
    def parameters(self) -> dict[str, Array]:
        self._live = getattr(self, "_live", None) or super().parameters()
        return self._live

    def _train(self, batches: Array) -> Array:
        losses = super()._train(batches)
        for name, value in super().parameters().items():
            self.parameters()[name][...] = value
        return losses


class SinglePrecision(NumpyAdapter):
    def __init__(self, model: Any, train: Any, parameters: Any, **options: Any) -> None:
        super().__init__(model, replace(train, dtype="float32"), parameters, **options)
        self._promised = train.dtype

    def _train(self, batches: Array) -> Array:
        return super()._train(batches).astype(self._promised)

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        return super()._predict(inputs, lengths).astype(self._promised)

    def parameters(self) -> dict[str, Array]:
        return {name: value.astype(self._promised) for name, value in super().parameters().items()}


class SingleGradients(NumpyAdapter):
    def _update(self) -> None:
        gradient = self._lanes[0].network.gradient
        gradient[:] = gradient.astype(np.float32)
        super()._update()


class HalfPrecision(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        if self._dtype == np.float32:
            self._parameters[:] = self._parameters.astype(np.float16)
        return super()._train(batches)


class Squeezed(NumpyAdapter):
    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        return np.squeeze(super()._predict(inputs, lengths))


class IndexTypeMinded(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        if batches.dtype != np.int64:
            raise IndexError("arrays used as indices must be int64")
        return super()._train(batches)


class PredictsSomething(NumpyAdapter):
    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        return super()._predict(inputs if len(inputs) else np.zeros((1, *inputs.shape[1:])), lengths)


class LosesMoments(NumpyAdapter):
    def state(self) -> dict[str, Array]:
        state = super().state()
        return {**state, **{name: np.zeros_like(state[name]) for name in ("mean", "square") if name in state}}


class LosesStep(NumpyAdapter):
    def state(self) -> dict[str, Array]:
        return {**super().state(), "step": np.array(0)}


class LiveState(NumpyAdapter):
    def state(self) -> dict[str, Array]:
        return {**super().state(), "parameters": self._parameters}


class RestoresElsewhere(NumpyAdapter):
    def restore(self, state: Any) -> None:
        self._parameters = self._parameters.copy()
        super().restore(state)


class LosesNothing(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        return super()._train(batches) if len(batches) else np.zeros(1, self._dtype)
