"""Typical mistakes, each made on purpose in the reference: the one that gives the same answers is the cause.

The docstring of each is what a person reads in the message of a failed check.
"""

from dataclasses import replace
from itertools import permutations

import numpy as np

from adapters.conformance.formulas import Parameters, State
from adapters.conformance.reference import Batch, Reference, States
from adapters.interface import Activation, Adam, AdamW, Array, ModelSpec, Span, TrainSpec

GATES = "ifgo"


def gates_in_order(order: tuple[int, ...]) -> type[Reference]:
    """A reference that reads the blocks of an LSTM's kernels as if they lay in another order."""
    blocks = list(np.argsort(order))

    class GateOrder(Reference):
        def step(self, parameters: Parameters, x: Array, state: State) -> State:
            H = self.model.hidden
            columns = np.concatenate([np.arange(H) + H * block for block in blocks])
            recurrent = {"input_kernel", "recurrent_kernel", "bias"} & set(parameters)
            moved = {name: parameters[name][..., columns] for name in recurrent}
            return super().step({**parameters, **moved}, x, state)

    GateOrder.__doc__ = f"the gates look ordered {', '.join(GATES[gate] for gate in order)}, not i, f, g, o"
    return GateOrder


class BiasIgnored(Reference):
    """the cell's bias looks ignored"""

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        return super().step({**parameters, "bias": np.zeros_like(parameters["bias"])}, x, state)


class ForgetBiasIgnored(Reference):
    """the forget gate's bias looks ignored"""

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        H = self.model.hidden
        bias = parameters["bias"].copy()
        bias[..., H : 2 * H] = 0
        return super().step({**parameters, "bias": bias}, x, state)


class ReadoutBiasIgnored(Reference):
    """the readout's bias looks ignored"""

    def read_out(self, parameters: Parameters, hidden: Array) -> Array:
        return hidden @ parameters["readout_kernel"]


class OtherActivation(Reference):
    """tanh and sigmoid look exchanged"""

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Parameters, *, device: str = "cpu"
    ) -> None:
        exchanged: dict[Activation, Activation] = {"tanh": "sigmoid", "sigmoid": "tanh"}
        model = replace(model, activation=exchanged[model.activation])
        super().__init__(model, train, parameters, device=device)


class MeanOverOutputs(Reference):
    """the loss looks averaged over the outputs: it is their sum"""

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) / self.model.outputs)


class MeanOverTime(Reference):
    """the loss looks averaged over the time steps: it is their sum"""

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) / outputs.shape[-2])


class MeanOverAll(Reference):
    """the loss looks averaged over outputs and time steps: it is their sum"""

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) / (outputs.shape[-1] * outputs.shape[-2]))


class SumOverBatch(Reference):
    """the loss looks summed over the batch: it is averaged"""

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) * len(targets))


class HalfMissing(Reference):
    """the half of the half squared error looks missing"""

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return np.asarray(super().loss(outputs, targets, valid) * 2)


class StateCarriedOver(Reference):
    """the state looks carried over from one batch to the next: every sequence starts at zero"""

    last: States | None = None

    def begin(self, batch: int) -> States:
        return self.last or super().begin(batch)

    def differentiate(
        self, batch: Batch, span: Span, states: States
    ) -> tuple[float, dict[str, Array], States]:
        loss, gradient, self.last = super().differentiate(batch, span, states)
        return loss, gradient, self.last


class StateReset(Reference):
    """the state looks reset at every update: within a sequence it is carried on"""

    def differentiate(
        self, batch: Batch, span: Span, states: States
    ) -> tuple[float, dict[str, Array], States]:
        return super().differentiate(batch, span, self.begin(len(batch.inputs)))


class GradientNotCut(Reference):
    """the gradient looks uncut: it reaches back no more than backprop_through steps"""

    def differentiate(
        self, batch: Batch, span: Span, states: States
    ) -> tuple[float, dict[str, Array], States]:
        return super().differentiate(batch, span._replace(cut=span.start), states)


class NotClipped(Reference):
    """the gradient looks unclipped"""

    def clip(self, gradient: dict[str, Array]) -> dict[str, Array]:
        return gradient


class ClippedByNorm(Reference):
    """the gradient looks clipped by its norm: every element is clipped by itself"""

    def clip(self, gradient: dict[str, Array]) -> dict[str, Array]:
        norm = float(np.sqrt(sum(np.vdot(value, value) for value in gradient.values())))
        limit = self.spec.clip_value or norm
        return {name: value * limit / max(limit, norm) for name, value in gradient.items()}


class UpdateClipped(NotClipped):
    """the update looks clipped: it is the gradient that is clipped, before the update"""

    def update(self, gradient: dict[str, Array]) -> None:
        before = self.values.copy()
        super().update(gradient)
        moves = {name: self.values[name] - before[name] for name in before}
        self.values = {name: before[name] + move for name, move in Reference.clip(self, moves).items()}


class EpsilonInsideRoot(Reference):
    """Adam's epsilon looks added under the root: it is added to the root"""

    def adam_direction(self, rule: Adam | AdamW, mean: Array, square: Array) -> Array:
        correction = np.sqrt(1 - rule.beta2**self.updates) / (1 - rule.beta1**self.updates)
        return np.asarray(correction * mean / np.sqrt(square + rule.epsilon))


class EpsilonInsideCorrection(Reference):
    """Adam's epsilon looks added after the bias correction, as torch.optim does: it stands outside"""

    def adam_direction(self, rule: Adam | AdamW, mean: Array, square: Array) -> Array:
        corrected = square / (1 - rule.beta2**self.updates)
        return np.asarray(mean / (1 - rule.beta1**self.updates) / (np.sqrt(corrected) + rule.epsilon))


class NoBiasCorrection(Reference):
    """Adam's bias correction looks missing"""

    def adam_direction(self, rule: Adam | AdamW, mean: Array, square: Array) -> Array:
        return np.asarray(mean / (np.sqrt(square) + rule.epsilon))


class MomentsInFloat64(Reference):
    """Adam's moments look kept in float64: they have the dtype of the spec"""

    def rounded(self, moment: Array) -> Array:
        return moment


TYPICAL_MISTAKES: tuple[type[Reference], ...] = (
    *(gates_in_order(order) for order in permutations(range(4)) if order != (0, 1, 2, 3)),
    BiasIgnored,
    ForgetBiasIgnored,
    ReadoutBiasIgnored,
    OtherActivation,
    MeanOverOutputs,
    MeanOverTime,
    MeanOverAll,
    SumOverBatch,
    HalfMissing,
    StateCarriedOver,
    StateReset,
    GradientNotCut,
    NotClipped,
    ClippedByNorm,
    UpdateClipped,
    EpsilonInsideRoot,
    EpsilonInsideCorrection,
    NoBiasCorrection,
    MomentsInFloat64,
)
