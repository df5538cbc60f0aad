"""Typical mistakes in clipping and update rules, each made on purpose in the reference.

The `cause` of each is what a person reads in the message of a failed check.
"""

from dataclasses import replace

import numpy as np

from adapters.conformance.reference import Reference
from adapters.interface import Adam, AdamW, Array, RmsProp, Sgd


class NotClipped(Reference):
    cause = "the gradient looks unclipped"

    def clip(self, gradient: dict[str, Array]) -> dict[str, Array]:
        return gradient


class ClippedByNorm(Reference):
    cause = "the gradient looks clipped by its norm: every element is clipped by itself"

    def clip(self, gradient: dict[str, Array]) -> dict[str, Array]:
        norm = float(np.sqrt(sum(np.vdot(value, value) for value in gradient.values())))
        limit = self.spec.clip_value or self.spec.clip_norm or norm
        return {name: value * limit / max(limit, norm) for name, value in gradient.items()}


class ClippedByNormOfEach(Reference):
    cause = "each parameter's gradient looks clipped by its own norm: the norm is over all of them"

    def clip(self, gradient: dict[str, Array]) -> dict[str, Array]:
        limit = self.spec.clip_norm
        if limit is None:
            return super().clip(gradient)
        return {
            name: value * limit / max(limit, float(np.linalg.norm(value))) for name, value in gradient.items()
        }


class ClippedByNormAsTorchDoes(Reference):
    cause = "1e-6 looks added to the norm that clips, as `torch.nn.utils.clip_grad_norm_` does: it is not"

    def clip(self, gradient: dict[str, Array]) -> dict[str, Array]:
        limit = self.spec.clip_norm
        if limit is None:
            return super().clip(gradient)
        factor = min(1.0, limit / (self.norm(gradient) + 1e-6))
        return {name: value * factor for name, value in gradient.items()}


class ClippedElementByElement(Reference):
    cause = "every element looks clipped by itself: the gradient is clipped by its norm"

    def clip(self, gradient: dict[str, Array]) -> dict[str, Array]:
        limit = self.spec.clip_norm or np.inf
        return {name: np.clip(value, -limit, limit) for name, value in gradient.items()}


class UpdateClipped(NotClipped):
    cause = "the update looks clipped: it is the gradient that is clipped, before the update"

    def update(self, gradient: dict[str, Array]) -> None:
        before = self.values.copy()
        super().update(gradient)
        moves = {name: self.values[name] - before[name] for name in before}
        self.values = {name: before[name] + move for name, move in Reference.clip(self, moves).items()}


class EpsilonInsideRoot(Reference):
    cause = "Adam's epsilon looks added under the root: it is added to the root"

    def adam_direction(self, rule: Adam | AdamW, mean: Array, square: Array) -> Array:
        correction = np.sqrt(1 - rule.beta2**self.updates) / (1 - rule.beta1**self.updates)
        return np.asarray(correction * mean / np.sqrt(square + rule.epsilon))


class EpsilonInsideCorrection(Reference):
    cause = "Adam's epsilon looks added after the bias correction, as torch.optim does: it stands outside"

    def adam_direction(self, rule: Adam | AdamW, mean: Array, square: Array) -> Array:
        corrected = square / (1 - rule.beta2**self.updates)
        return np.asarray(mean / (1 - rule.beta1**self.updates) / (np.sqrt(corrected) + rule.epsilon))


class NoBiasCorrection(Reference):
    cause = "Adam's bias correction looks missing"

    def adam_direction(self, rule: Adam | AdamW, mean: Array, square: Array) -> Array:
        return np.asarray(mean / (np.sqrt(square) + rule.epsilon))


class MomentsInFloat64(Reference):
    cause = "Adam's moments look kept in float64: they have the dtype of the spec"

    def rounded(self, moment: Array) -> Array:
        return moment


class TwoBiases(Reference):
    cause = "each gate looks to train two biases that are added up: the sum moves twice as far"

    def update(self, gradient: dict[str, Array]) -> None:
        before = {name: value for name, value in self.values.items() if name.startswith("bias")}
        super().update(gradient)
        for name, value in before.items():
            gates = slice(2 * self.model.hidden) if self.model.cell == "gru" else slice(None)
            twice = self.values[name].copy()
            twice[gates] += twice[gates] - value[gates]
            self.values[name] = twice


class Dampened(Reference):
    cause = "the momentum looks dampened: v ← μ·v + (1−μ)·g, where it is μ·v + g"

    def velocity(self, rule: Sgd, velocity: Array, gradient: Array) -> Array:
        return super().velocity(rule, velocity, (1 - rule.momentum) * gradient)


class NesterovOff(Reference):
    cause = "Nesterov's form looks taken for the plain momentum, or the other way round"

    def sgd(self, rule: Sgd, name: str, gradient: Array) -> Array:
        return super().sgd(replace(rule, nesterov=not rule.nesterov), name, gradient)


class RmsPropEpsilonInsideRoot(Reference):
    cause = "RMSprop's epsilon looks added under the root, as Keras and optax do: it is added to the root"

    def rms_prop_direction(self, rule: RmsProp, gradient: Array, square: Array) -> Array:
        return np.asarray(gradient / np.sqrt(square + rule.epsilon))


class DecayCoupled(Reference):
    cause = "the weight decay looks added to the gradient: it is decoupled from it"

    def decayed(self, value: Array, rate: float) -> Array:
        return value

    def adam(self, rule: Adam | AdamW, name: str, gradient: Array) -> Array:
        decay = rule.weight_decay if isinstance(rule, AdamW) else 0.0
        return super().adam(rule, name, gradient + decay * self.values[name])


class DecayWithoutRate(Reference):
    cause = "the weight decay looks to go without the rate: it is θ·(1 − η·λ)"

    def decayed(self, value: Array, rate: float) -> Array:
        return super().decayed(value, 1.0)


class DecayOfKernelsOnly(Reference):
    cause = "the weight decay looks left out for biases: it is of all parameters"

    def decayed(self, value: Array, rate: float) -> Array:
        return super().decayed(value, rate) if value.ndim > 1 else value


UPDATE_MISTAKES: tuple[type[Reference], ...] = (
    NotClipped,
    ClippedByNorm,
    ClippedByNormOfEach,
    ClippedByNormAsTorchDoes,
    ClippedElementByElement,
    UpdateClipped,
    EpsilonInsideRoot,
    EpsilonInsideCorrection,
    NoBiasCorrection,
    MomentsInFloat64,
    Dampened,
    NesterovOff,
    RmsPropEpsilonInsideRoot,
    DecayCoupled,
    DecayWithoutRate,
    DecayOfKernelsOnly,
    TwoBiases,
)
