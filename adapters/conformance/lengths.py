"""Checks of sequences of unlike length against the reference."""

from dataclasses import replace
from itertools import product

import numpy as np

from adapters.conformance.cases import AdapterType, Case, supported
from adapters.conformance.comparison import compare_training
from adapters.conformance.expectations import expect, expect_equal
from adapters.conformance.network_cases import KINDS, LOSSES, READOUTS, Kind, compare, network_case
from adapters.interface import Adam, AdamW, Cosine, Optimizer, Readout, Sgd

DEPTHS: tuple[tuple[Readout, int], ...] = (("last", 1), ("every", 1), ("every", 2))


def lengths_of_sequences(adapter_type: AdapterType) -> None:
    """Sequences of 1 to 5 steps in one batch: what lies beyond changes no state and has no loss."""
    cases = (
        network_case(**kind, readout=readout, loss=loss, ragged=True)
        for kind, readout, loss in product(KINDS, READOUTS, LOSSES)
    )
    compare(adapter_type, cases)


def lengths_in_layers(adapter_type: AdapterType) -> None:
    """Sequences of 1 to 5 steps in two layers of each cell."""
    cases = (network_case(**kind, readout="every", layers=2, ragged=True) for kind in KINDS)
    compare(adapter_type, cases)


def lengths_in_both_directions(adapter_type: AdapterType) -> None:
    """The reverse direction begins at the last valid step of each sequence, in every layer."""
    cases = (
        network_case(**kind, readout=readout, layers=layers, bidirectional=True, ragged=True)
        for kind, (readout, layers) in product(KINDS, DEPTHS)
    )
    compare(adapter_type, cases)


def lengths_in_parts(adapter_type: AdapterType) -> None:
    """Updates every 2 of 5 steps, also those that no valid step falls into: loss 0, but moments go on."""
    rules: tuple[Optimizer, ...] = (Sgd(learning_rate=0.5), Adam(learning_rate=0.1, epsilon=1e-3))
    cases = (
        network_case(**kind, readout="every", update_every=2, ragged=True, optimizer=rule)
        for kind, rule in product(KINDS, rules)
    )
    short = np.array([[1, 3], [0, 4], [3, 1]])  # of lengths 1 and 2, 5 and 3, 2 and 1
    compare(adapter_type, (replace(case, batches=short) for case in cases))


def lengths_beyond_reach(adapter_type: AdapterType) -> None:
    """Sequences that end before the step where the gradient is cut: their loss reaches the readout alone."""
    cases = (network_case(**kind, backprop_through=2, ragged=True) for kind in KINDS)
    compare(adapter_type, cases)


def padding_means_nothing(adapter_type: AdapterType) -> None:
    """Whatever lies beyond the lengths, in training and in prediction, changes nothing, bit for bit."""
    cases = (network_case(**kind, readout="every", ragged=True) for kind in KINDS)
    for case in supported(adapter_type, cases):
        assert case.lengths is not None
        beyond = np.arange(case.inputs.shape[1]) >= case.lengths[:, np.newaxis]
        inputs, targets = case.inputs.copy(), case.targets.copy()
        inputs[beyond], targets[beyond] = np.nan, np.inf
        odd = replace(case, inputs=inputs, targets=targets)
        expected, actual = case.start(adapter_type), odd.start(adapter_type)
        expect_equal("losses with NaN for padding", actual.train(case.batches), expected.train(case.batches))
        predictions = actual.predict(inputs, case.lengths)
        expect_equal(
            "predictions with NaN for padding", predictions, expected.predict(case.inputs, case.lengths)
        )
        expect(not predictions[beyond].any(), "predictions beyond the lengths: expected 0, got others")


def everything_of_networks(adapter_type: AdapterType) -> None:
    """Two layers in both directions, sequences of unlike length, AdamW on a schedule, the norm clipped."""
    gru_first = sorted(KINDS, key=lambda kind: kind["cell"] != "gru")  # no other quick check trains one
    compare_training(adapter_type, next(supported(adapter_type, map(_everything, gru_first))))


def everything_of_every_cell(adapter_type: AdapterType) -> None:
    """The same of each cell, each activation and each reset."""
    for case in supported(adapter_type, map(_everything, KINDS)):
        compare_training(adapter_type, case)


def _everything(kind: Kind) -> Case:
    rate = Cosine(peak=0.05, updates=6, warm_up=2, floor=0.001)
    return network_case(
        **kind,
        layers=2,
        bidirectional=True,
        ragged=True,
        optimizer=AdamW(learning_rate=rate, epsilon=1e-3, weight_decay=0.1),
        clip_norm=0.5,
        rows=4,
    )
