"""Typical mistakes in cells, each made on purpose in the reference.

The `cause` of each is what a person reads in the message of a failed check.
"""

from dataclasses import replace
from functools import partial
from itertools import permutations

import numpy as np

from adapters.conformance.formulas import Parameters, State, elman, gru_after, gru_before, lstm
from adapters.conformance.reference import Reference
from adapters.interface import Activation, Array, ModelSpec, TrainSpec


def gates_in_order(cell: str, names: str, order: tuple[int, ...]) -> type[Reference]:
    """A reference that reads the blocks of a cell's kernels as if they lay in another order."""
    blocks = list(np.argsort(order))

    class GateOrder(Reference):
        def step(self, parameters: Parameters, x: Array, state: State) -> State:
            if self.model.cell != cell:
                return super().step(parameters, x, state)
            H = self.model.hidden
            columns = np.concatenate([np.arange(H) + H * block for block in blocks])
            gated = {"input_kernel", "recurrent_kernel", "bias"} & set(parameters)
            return super().step({**parameters, **{n: parameters[n][..., columns] for n in gated}}, x, state)

    actual = ", ".join(names[gate] for gate in order)
    GateOrder.cause = f"the gates look ordered {actual}, not {', '.join(names)}"
    return GateOrder


class BiasIgnored(Reference):
    cause = "the cell's bias looks ignored"

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        return super().step({**parameters, "bias": np.zeros_like(parameters["bias"])}, x, state)


class ForgetBiasIgnored(Reference):
    cause = "the forget gate's bias looks ignored"

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        bias = parameters["bias"].copy()
        bias[..., self.model.hidden : 2 * self.model.hidden] = 0
        return super().step({**parameters, "bias": bias}, x, state)


class ForgetBiasAddedAtRunTime(Reference):
    cause = "1 looks added to the forget gate at run time: its bias is all that the gate has"

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        H = self.model.hidden
        if self.model.cell != "lstm":
            return super().step(parameters, x, state)
        one = np.concatenate([np.zeros(H), np.ones(H), np.zeros(2 * H)])
        return super().step({**parameters, "bias": parameters.get("bias", 0 * one) + one}, x, state)


def hard_sigmoid(slope: float) -> type[Reference]:
    """A reference whose gates are straight lines between 0 and 1."""

    def sigma(x: Array) -> Array:
        line = 0.5 + slope * x
        return np.where(line.real < 0, 0, np.where(line.real > 1, 1, line))

    class HardSigmoid(Reference):
        cause = f"σ looks hard, a line of slope {slope:.3g} between 0 and 1: it is 1/(1 + exp(−x))"

        def step(self, parameters: Parameters, x: Array, state: State) -> State:
            model = self.model
            steps = {
                ("elman", "sigmoid", "after"): partial(elman, sigma),
                ("lstm", "tanh", "after"): partial(lstm, sigma=sigma),
                ("gru", "tanh", "after"): partial(gru_after, sigma=sigma),
                ("gru", "tanh", "before"): partial(gru_before, sigma=sigma),
            }
            step = steps.get((model.cell, model.activation, model.reset), super().step)
            return step(parameters, x, state)

    return HardSigmoid


class CandidateBiasIgnored(Reference):
    cause = "the GRU's candidate_bias looks ignored"

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        return super().step({**parameters, "candidate_bias": 0 * parameters["candidate_bias"]}, x, state)


class CandidateBiasOutsideReset(Reference):
    cause = "the GRU's candidate_bias looks added outside the reset gate's product: r·(h·U + c)"

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        outside, H = parameters["candidate_bias"], self.model.hidden
        bias = parameters["bias"] + 0 * outside[..., :1]
        bias[..., 2 * H :] += outside
        moved = {"bias": bias, "candidate_bias": 0 * outside}
        return super().step({**parameters, **moved}, x, state)


class ReadoutBiasIgnored(Reference):
    cause = "the readout's bias looks ignored"

    def read_out(self, parameters: Parameters, hidden: Array) -> Array:
        return hidden @ parameters["readout_kernel"]


class OtherActivation(Reference):
    cause = "tanh and sigmoid look exchanged"

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Parameters, *, device: str = "cpu"
    ) -> None:
        exchanged: dict[Activation, Activation] = {"tanh": "sigmoid", "sigmoid": "tanh"}
        model = replace(model, activation=exchanged[model.activation])
        super().__init__(model, train, parameters, device=device)


class OtherReset(Reference):
    cause = "the GRU's two forms look exchanged: its reset gate is applied before the product, or after it"

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        if self.model.cell != "gru":
            return super().step(parameters, x, state)
        return {"after": gru_before, "before": gru_after}[self.model.reset](parameters, x, state)


class UpdateGateInverted(Reference):
    cause = "the GRU's update gate looks inverted: z keeps the state, 1 − z lets the candidate in"

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        H = self.model.hidden
        turned = {name: value.copy() for name, value in parameters.items()}
        for name in {"input_kernel", "recurrent_kernel", "bias"} & set(turned):
            turned[name][..., H : 2 * H] *= -1
        return super().step(turned if self.model.cell == "gru" else parameters, x, state)


CELL_MISTAKES: tuple[type[Reference], ...] = (
    *(gates_in_order("lstm", "ifgo", order) for order in permutations(range(4)) if order != (0, 1, 2, 3)),
    *(gates_in_order("gru", "rzn", order) for order in permutations(range(3)) if order != (0, 1, 2)),
    BiasIgnored,
    ForgetBiasIgnored,
    ForgetBiasAddedAtRunTime,
    hard_sigmoid(0.2),
    hard_sigmoid(1 / 6),
    CandidateBiasIgnored,
    CandidateBiasOutsideReset,
    ReadoutBiasIgnored,
    OtherActivation,
    OtherReset,
    UpdateGateInverted,
)
