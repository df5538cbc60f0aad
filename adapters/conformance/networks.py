"""Checks of the GRU, of layers and of both directions against the reference."""

from itertools import product

from adapters.conformance.cases import AdapterType, supported
from adapters.conformance.comparison import compare_predictions, compare_training
from adapters.conformance.network_cases import KINDS, LOSSES, READOUTS, compare, network_case
from adapters.interface import Readout, Reset

RESETS: tuple[Reset, ...] = ("after", "before")
DEPTHS: tuple[tuple[Readout, int], ...] = (("last", 2), ("every", 3))
BIASES: tuple[tuple[bool, Readout], ...] = ((True, "every"), (False, "last"))


def forward_gru_after(adapter_type: AdapterType) -> None:
    """The GRU whose reset gate is applied after the product predicts what its formula says."""
    _compare_gru(adapter_type, "after")


def forward_gru_before(adapter_type: AdapterType) -> None:
    """The GRU whose reset gate is applied before the product predicts what its formula says."""
    _compare_gru(adapter_type, "before")


def gradients_gru_after(adapter_type: AdapterType) -> None:
    """Losses and gradients of the GRU whose reset gate is applied after the product."""
    _compare_gru_gradients(adapter_type, "after")


def gradients_gru_before(adapter_type: AdapterType) -> None:
    """Losses and gradients of the GRU whose reset gate is applied before the product."""
    _compare_gru_gradients(adapter_type, "before")


def truncation_gru(adapter_type: AdapterType) -> None:
    """A GRU's gradient after 5 steps that reaches 3 back, and updates after 2, 2 and 1 of 5 steps."""
    reach = (network_case(cell="gru", reset=reset, backprop_through=3) for reset in RESETS)
    compare(adapter_type, reach)
    parts = (
        network_case(cell="gru", reset=reset, readout="every", update_every=2, rows=2) for reset in RESETS
    )
    compare(adapter_type, parts)


def stacked_layers(adapter_type: AdapterType) -> None:
    """Two and three layers of each cell, each fed with the hidden states of the one below."""
    cases = (
        network_case(**kind, readout=readout, layers=layers)
        for kind, (readout, layers) in product(KINDS, DEPTHS)
    )
    compare(adapter_type, cases)


def truncation_in_layers(adapter_type: AdapterType) -> None:
    """Cuts lie at the same steps of all layers: the states carried on, the gradient cut."""
    compare(adapter_type, (network_case(**kind, layers=2, backprop_through=2) for kind in KINDS))
    parts = (network_case(**kind, layers=2, readout="every", update_every=2, rows=2) for kind in KINDS)
    compare(adapter_type, parts)


def both_directions(adapter_type: AdapterType) -> None:
    """Each cell in both directions: their hidden states side by side, forward first."""
    cases = (
        network_case(**kind, readout=readout, bidirectional=True, loss=loss)
        for kind, (readout, loss) in product(KINDS, zip(READOUTS, LOSSES, strict=True))
    )
    compare(adapter_type, cases)


def layers_in_both_directions(adapter_type: AdapterType) -> None:
    """Two layers of each cell in both directions, with and without biases: each reads both of those below."""
    cases = (
        network_case(**kind, bias=bias, readout=readout, layers=2, bidirectional=True)
        for kind, (bias, readout) in product(KINDS, BIASES)
    )
    compare(adapter_type, cases)


def _compare_gru(adapter_type: AdapterType, reset: Reset) -> None:
    for bias, readout in product((True, False), READOUTS):
        case = network_case(cell="gru", reset=reset, bias=bias, readout=readout)
        compare_predictions(adapter_type, next(supported(adapter_type, [case])))


def _compare_gru_gradients(adapter_type: AdapterType, reset: Reset) -> None:
    for bias, readout, loss in product((True, False), READOUTS, LOSSES):
        case = network_case(cell="gru", reset=reset, bias=bias, readout=readout, loss=loss)
        compare_training(adapter_type, next(supported(adapter_type, [case])))
