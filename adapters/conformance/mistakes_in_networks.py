"""Typical mistakes in layers, directions and lengths, each made on purpose in the reference.

The `cause` of each is what a person reads in the message of a failed check.
"""

import numpy as np

from adapters.conformance.formulas import Parameters, State
from adapters.conformance.reference import Reference, Sequence
from adapters.interface import Array
from adapters.parameters import Layer


class PaddingReadForward(Reference):
    cause = (
        "the forward direction looks to go on beyond a sequence's length: there its state stays what it is"
    )

    def run(
        self, layer: Layer, parameters: Parameters, sequence: Sequence, valid: Array, state: State
    ) -> tuple[Sequence, State]:
        return super().run(layer, parameters, sequence, valid | (not layer.reverse), state)


class PaddingReadInReverse(Reference):
    cause = "the reverse direction looks to begin with the padding: it begins at the last valid step"

    def run(
        self, layer: Layer, parameters: Parameters, sequence: Sequence, valid: Array, state: State
    ) -> tuple[Sequence, State]:
        return super().run(layer, parameters, sequence, valid | layer.reverse, state)


class PaddingInLoss(Reference):
    cause = "the loss looks to count the steps beyond a sequence's length"

    def loss(self, outputs: Array, targets: Array, valid: Array) -> Array:
        return super().loss(outputs, targets, np.ones_like(valid))


class LengthsIgnored(Reference):
    cause = "the lengths look ignored"

    def valid_steps(self, inputs: Array, lengths: Array | None) -> Array:
        return super().valid_steps(inputs, None)


class DirectionsExchanged(Reference):
    cause = "the two directions look side by side in the other order: forward is first"

    def side_by_side(self, directions: tuple[Array, ...]) -> Array:
        return super().side_by_side(directions[::-1])


class ReverseNotTurnedBack(Reference):
    cause = "the reverse direction's hidden states look handed on in the order in which they were computed"

    def run(
        self, layer: Layer, parameters: Parameters, sequence: Sequence, valid: Array, state: State
    ) -> tuple[Sequence, State]:
        handed_on, state = super().run(layer, parameters, sequence, valid, state)
        return handed_on[:: -1 if layer.reverse else 1], state


class LayersFedWithCellState(Reference):
    cause = "the layer above looks fed with the LSTM's cell state: it is fed with the hidden state"

    def hand_on(self, layer: Layer, state: State) -> Array:
        top = layer in self.layers[-1]
        return super().hand_on(layer, state) if top else state[-1]


class LayersFedWithLastState(Reference):
    cause = (
        "the layer above looks fed with the last hidden state at every step: it is fed with each step's own"
    )

    def run(
        self, layer: Layer, parameters: Parameters, sequence: Sequence, valid: Array, state: State
    ) -> tuple[Sequence, State]:
        handed_on, state = super().run(layer, parameters, sequence, valid, state)
        return handed_on if layer in self.layers[-1] else [state[0] for _ in handed_on], state


NETWORK_MISTAKES: tuple[type[Reference], ...] = (
    PaddingReadForward,
    PaddingReadInReverse,
    PaddingInLoss,
    LengthsIgnored,
    DirectionsExchanged,
    ReverseNotTurnedBack,
    LayersFedWithCellState,
    LayersFedWithLastState,
)
