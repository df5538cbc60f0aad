"""Typical mistakes in cells, layers, directions and lengths, each made on purpose in the reference.

The docstring of each is what a person reads in the message of a failed check.
"""

from dataclasses import replace
from itertools import permutations

import numpy as np

from adapters.conformance.formulas import Parameters, State, gru_after, gru_before
from adapters.conformance.reference import Reference, Sequence
from adapters.interface import Activation, Array, ModelSpec, TrainSpec
from adapters.parameters import Layer


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
    GateOrder.__doc__ = f"the gates look ordered {actual}, not {', '.join(names)}"
    return GateOrder


class BiasIgnored(Reference):
    """the cell's bias looks ignored"""

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        return super().step({**parameters, "bias": np.zeros_like(parameters["bias"])}, x, state)


class ForgetBiasIgnored(Reference):
    """the forget gate's bias looks ignored"""

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        bias = parameters["bias"].copy()
        bias[..., self.model.hidden : 2 * self.model.hidden] = 0
        return super().step({**parameters, "bias": bias}, x, state)


class CandidateBiasIgnored(Reference):
    """the GRU's candidate_bias looks ignored"""

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        return super().step({**parameters, "candidate_bias": 0 * parameters["candidate_bias"]}, x, state)


class CandidateBiasOutsideReset(Reference):
    """the GRU's candidate_bias looks added outside the reset gate's product: r·(h·U + c)"""

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        outside, H = parameters["candidate_bias"], self.model.hidden
        bias = parameters["bias"] + 0 * outside[..., :1]
        bias[..., 2 * H :] += outside
        moved = {"bias": bias, "candidate_bias": 0 * outside}
        return super().step({**parameters, **moved}, x, state)


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


class OtherReset(Reference):
    """the GRU's two forms look exchanged: its reset gate is applied before the product, or after it"""

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        if self.model.cell != "gru":
            return super().step(parameters, x, state)
        return {"after": gru_before, "before": gru_after}[self.model.reset](parameters, x, state)


class UpdateGateInverted(Reference):
    """the GRU's update gate looks inverted: z keeps the state, 1 − z lets the candidate in"""

    def step(self, parameters: Parameters, x: Array, state: State) -> State:
        H = self.model.hidden
        turned = {name: value.copy() for name, value in parameters.items()}
        for name in {"input_kernel", "recurrent_kernel", "bias"} & set(turned):
            turned[name][..., H : 2 * H] *= -1
        return super().step(turned if self.model.cell == "gru" else parameters, x, state)


class PaddingReadForward(Reference):
    """the forward direction looks to go on beyond a sequence's length: there its state stays what it is"""

    def run(
        self, layer: Layer, parameters: Parameters, sequence: Sequence, valid: Array, state: State
    ) -> tuple[Sequence, State]:
        return super().run(layer, parameters, sequence, valid | (not layer.reverse), state)


class PaddingReadInReverse(Reference):
    """the reverse direction looks to begin with the padding: it begins at the last valid step"""

    def run(
        self, layer: Layer, parameters: Parameters, sequence: Sequence, valid: Array, state: State
    ) -> tuple[Sequence, State]:
        return super().run(layer, parameters, sequence, valid | layer.reverse, state)


class PaddingInLoss(Reference):
    """the loss looks to count the steps beyond a sequence's length"""

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return super().loss(outputs, targets, np.ones_like(valid))


class LengthsIgnored(Reference):
    """the lengths look ignored"""

    def valid_steps(self, inputs: Array, lengths: Array | None) -> Array:
        return super().valid_steps(inputs, None)


class DirectionsExchanged(Reference):
    """the two directions look side by side in the other order: forward is first"""

    def side_by_side(self, directions: tuple[Array, ...]) -> Array:
        return super().side_by_side(directions[::-1])


class ReverseNotTurnedBack(Reference):
    """the reverse direction's hidden states look handed on in the order in which they were computed"""

    def run(
        self, layer: Layer, parameters: Parameters, sequence: Sequence, valid: Array, state: State
    ) -> tuple[Sequence, State]:
        handed_on, state = super().run(layer, parameters, sequence, valid, state)
        return handed_on[:: -1 if layer.reverse else 1], state


class LayersFedWithCellState(Reference):
    """the layer above looks fed with the LSTM's cell state: it is fed with the hidden state"""

    def hand_on(self, layer: Layer, state: State) -> Array:
        top = layer in self.layers[-1]
        return super().hand_on(layer, state) if top else state[-1]


class LayersFedWithLastState(Reference):
    """the layer above looks fed with the last hidden state at every step: it is fed with each step's own"""

    def run(
        self, layer: Layer, parameters: Parameters, sequence: Sequence, valid: Array, state: State
    ) -> tuple[Sequence, State]:
        handed_on, state = super().run(layer, parameters, sequence, valid, state)
        return handed_on if layer in self.layers[-1] else [state[0] for _ in handed_on], state


NETWORK_MISTAKES: tuple[type[Reference], ...] = (
    *(gates_in_order("lstm", "ifgo", order) for order in permutations(range(4)) if order != (0, 1, 2, 3)),
    *(gates_in_order("gru", "rzn", order) for order in permutations(range(3)) if order != (0, 1, 2)),
    BiasIgnored,
    ForgetBiasIgnored,
    CandidateBiasIgnored,
    CandidateBiasOutsideReset,
    ReadoutBiasIgnored,
    OtherActivation,
    OtherReset,
    UpdateGateInverted,
    PaddingReadForward,
    PaddingReadInReverse,
    PaddingInLoss,
    LengthsIgnored,
    DirectionsExchanged,
    ReverseNotTurnedBack,
    LayersFedWithCellState,
    LayersFedWithLastState,
)
