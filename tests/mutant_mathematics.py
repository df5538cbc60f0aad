"""Adapters with one mistake each in what they compute: in the reference's formulas, or what NumPy's gets."""

from dataclasses import replace

import numpy as np

from adapters.conformance.formulas import sigmoid
from adapters.conformance.reference import Batch, Reference
from adapters.interface import Adam
from adapters.numpy_backend.adapter import NumpyAdapter
from adapters.specs import GATES

# the cells


def gates_exchanged(first, second, cell="lstm"):
    """NumPy's cell with two gates' blocks of columns in each other's place, on the way in and out."""
    order = list(range(GATES[cell]))
    order[first], order[second] = second, first

    class Exchanged(NumpyAdapter):
        def __init__(self, model, train, parameters, *, device="cpu"):
            self.cell = model.cell
            super().__init__(model, train, self.exchange(parameters), device=device)

        def parameters(self):
            return self.exchange(super().parameters())

        def exchange(self, parameters):
            if self.cell != cell:
                return parameters
            blocks = {
                name: value.reshape(*value.shape[:-1], len(order), -1)[..., order, :].reshape(value.shape)
                for name, value in parameters.items()
                if not name.startswith(("readout", "candidate"))
            }
            return {**parameters, **blocks}

    return Exchanged


class BiasesIgnored(Reference):
    def step(self, parameters, x, state):
        return super().step(without_bias(parameters, "bias"), x, state)

    def read_out(self, parameters, hidden):
        return super().read_out(without_bias(parameters, "readout_bias"), hidden)


def without_bias(parameters, name):
    return {**parameters, name: 0 * parameters[name]} if name in parameters else parameters


class ForgetBiasIgnored(Reference):
    def step(self, parameters, x, state):
        if self.model.cell == "lstm" and self.model.bias:
            ignored = np.repeat([1, 0, 1, 1], self.model.hidden)
            parameters = {**parameters, "bias": parameters["bias"] * ignored}
        return super().step(parameters, x, state)


class OneAddedToForgetGate(Reference):
    """As a framework does that opens the forget gate by itself."""

    def step(self, parameters, x, state):
        if self.model.cell == "lstm" and self.model.bias:
            added = np.repeat([0, 1, 0, 0], self.model.hidden)
            parameters = {**parameters, "bias": parameters["bias"] + added}
        return super().step(parameters, x, state)


class CellStateNotSquashed(Reference):
    def step(self, parameters, x, state):
        if self.model.cell != "lstm":
            return super().step(parameters, x, state)
        hidden, cell_state = super().step(parameters, x, state)
        squashed = np.tanh(cell_state)
        return hidden * cell_state / np.where(squashed == 0, 1, squashed), cell_state


class OverflowingSigmoid(Reference):
    """σ(x) written as exp(x) / (1 + exp(x))."""

    def step(self, parameters, x, state):
        after = super().step(parameters, x, state)
        if self.model.cell != "lstm":
            return after
        sums = x @ parameters["input_kernel"] + state[0] @ parameters["recurrent_kernel"]
        if self.model.bias:
            sums = sums + parameters["bias"][..., np.newaxis, :]
        output = sums[..., 3 * self.model.hidden :]
        with np.errstate(all="ignore"):
            naive = np.exp(output) / (1 + np.exp(output))
            return after[0] / sigmoid(output) * naive, after[1]


class ActivationsExchanged(NumpyAdapter):
    def __init__(self, model, train, parameters, *, device="cpu"):
        if model.cell == "elman":
            model = replace(model, activation="sigmoid" if model.activation == "tanh" else "tanh")
        super().__init__(model, train, parameters, device=device)


class GradientAveragedOverTime(Reference):
    def differentiate(self, batch, span, states):
        loss, gradient, after = super().differentiate(batch, span, states)
        cell = {name for name in gradient if not name.startswith("readout")}
        steps = span.stop - span.cut
        return loss, {name: g / steps if name in cell else g for name, g in gradient.items()}, after


# the losses


def scaled(factor, *, gradient_too=True):
    """The reference with its losses and their gradients times a factor of model, span and batch."""

    class Scaled(Reference):
        def differentiate(self, batch, span, states):
            loss, gradient, after = super().differentiate(batch, span, states)
            scale = factor(self.model, span, len(batch.inputs))
            moved = {name: value * scale for name, value in gradient.items()} if gradient_too else gradient
            return loss * scale, moved, after

    return Scaled


class OverflowingSoftmax(Reference):
    def loss(self, outputs, targets, valid):
        if self.model.loss != "softmax_cross_entropy":
            return super().loss(outputs, targets, valid)
        with np.errstate(all="ignore"):
            probabilities = np.exp(outputs) / np.exp(outputs).sum(axis=-1, keepdims=True)
            losses = -np.log(probabilities) * np.eye(self.model.outputs)[targets]
        return losses.sum(axis=(-1, -2, -3)) / len(targets)


# the state and the reach of the gradient


def state_carried_over(part):
    """The reference with a part of the state at the end of a batch standing at the beginning of the next."""

    class CarriedOver(Reference):
        last = None

        def begin(self, batch):
            zeros = super().begin(batch)
            if self.last is None or len(self.last[0][0]) != batch:
                return zeros
            return tuple(
                tuple(before[place] if place == part else none[place] for place in range(len(none)))
                for before, none in zip(self.last, zeros, strict=True)
            )

        def differentiate(self, batch, span, states):
            loss, gradient, self.last = super().differentiate(batch, span, states)
            return loss, gradient, self.last

    return CarriedOver


def state_reset(part):
    """The reference with a part of the state zero after every update."""

    class Reset(Reference):
        def differentiate(self, batch, span, states):
            kept = tuple(
                tuple(np.zeros_like(old) if place == part else old for place, old in enumerate(state))
                for state in states
            )
            return super().differentiate(batch, span, kept)

    return Reset


class GradientNotCut(Reference):
    def differentiate(self, batch, span, states):
        return super().differentiate(batch, span._replace(cut=span.start), states)


class GradientCutEarly(Reference):
    def differentiate(self, batch, span, states):
        truncated = span.cut > span.start
        cut = min(span.cut + 1, span.stop - 1) if truncated else span.cut
        return super().differentiate(batch, span._replace(cut=cut), states)


# the update


class LateUpdate(Reference):
    waiting = None

    def update(self, gradient):
        if self.waiting is not None:
            super().update(self.waiting)
        self.waiting = gradient


class LossAfterUpdate(Reference):
    def _train(self, batches):
        losses = []
        for row in batches:
            super()._train(row[np.newaxis])
            batch, states = Batch(*(part[row] for part in self.data)), self.begin(len(row))
            for span in self.spans:
                loss, _, states = self.differentiate(batch, span, states)
                losses.append(loss)
        return np.array(losses, self.spec.dtype)


class ClippedByNorm(Reference):
    def clip(self, gradient):
        norm = np.linalg.norm(np.concatenate([value.ravel() for value in gradient.values()]))
        limit = self.spec.clip_value or np.inf
        return {name: value * (limit / norm if norm > limit else 1.0) for name, value in gradient.items()}


class ClippedAfterUpdate(Reference):
    def clip(self, gradient):
        return gradient

    def update(self, gradient):
        before, limit = dict(self.values), self.spec.clip_value or np.inf
        super().update(gradient)
        for name, value in self.values.items():
            self.values[name] = before[name] + np.clip(value - before[name], -limit, limit)


class WeightDecay(Reference):
    def clip(self, gradient):
        return super().clip({name: value + 1e-4 * self.values[name] for name, value in gradient.items()})


def adam_direction(direction):
    """The reference with another direction of m, v, their corrections 1 − βᵗ and ε."""

    class OtherAdam(Reference):
        def adam_direction(self, rule: Adam, mean, square):
            b1, b2 = 1 - rule.beta1**self.updates, 1 - rule.beta2**self.updates
            return direction(mean, square, b1, b2, rule.epsilon)

    return OtherAdam


# the precision


class MomentsInDouble(Reference):
    def rounded(self, moment):
        return moment


class MomentsInSingle(Reference):
    def rounded(self, moment):
        return moment.astype(np.float32).astype(np.float64)


class GradientsInSingle(Reference):
    def clip(self, gradient):
        return super().clip({name: value.astype(np.float32) for name, value in gradient.items()})


class HalfPrecision(Reference):
    def _train(self, batches):
        if self.spec.dtype == "float32":
            self.values = {
                name: value.astype(np.float16).astype(float) for name, value in self.values.items()
            }
        return super()._train(batches)


class SinglePrecision(NumpyAdapter):
    def __init__(self, model, train, parameters, *, device="cpu"):
        super().__init__(model, replace(train, dtype="float32"), parameters, device=device)
        self.promised = train.dtype

    def _train(self, batches):
        return super()._train(batches).astype(self.promised)

    def _predict(self, inputs, lengths):
        return super()._predict(inputs, lengths).astype(self.promised)

    def parameters(self):
        return {name: value.astype(self.promised) for name, value in super().parameters().items()}
