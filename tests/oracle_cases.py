"""What the reference and NumPy's adapter are put beside code that was not written here on."""

import pytest

from adapters import open_adapter
from adapters.conformance.cases import make_case
from adapters.conformance.expectations import difference
from adapters.conformance.mathematics import gradient_case
from adapters.conformance.network_cases import network_case
from adapters.conformance.reference import Reference
from adapters.interface import ModelSpec, TrainSpec

LOCKSTEP = 1e-10
UPDATES = 25
CASES = [
    gradient_case(cell="lstm", readout="every", loss="softmax_cross_entropy"),
    gradient_case(cell="lstm", bias=False),
    gradient_case(cell="elman", loss="softmax_cross_entropy"),
    gradient_case(cell="elman", bias=False, readout="every"),
]

NETWORKS = [
    network_case(cell="gru", readout="every", loss="softmax_cross_entropy"),
    network_case(cell="gru", bias=False),
    network_case(cell="elman", layers=2, readout="every"),
    network_case(cell="lstm", layers=3),
    network_case(cell="elman", bidirectional=True),
    network_case(cell="gru", layers=2, bidirectional=True, readout="every"),
    network_case(cell="lstm", ragged=True),
    network_case(cell="gru", readout="every", ragged=True, loss="softmax_cross_entropy"),
    network_case(cell="elman", layers=2, bidirectional=True, ragged=True),
    network_case(cell="gru", layers=2, bidirectional=True, ragged=True),
    network_case(cell="lstm", layers=2, bidirectional=True, ragged=True, readout="every"),
]

NOT_OF_TORCH = [
    network_case(cell="elman", activation="sigmoid", readout="every"),
    network_case(cell="gru", reset="before", readout="every"),
    network_case(cell="gru", reset="before", layers=2, bidirectional=True, bias=False, ragged=True),
]
"""PyTorch's modules have no such cells."""

ALL = [*CASES, *NETWORKS, *NOT_OF_TORCH]


def named(case):
    model = case.model
    facts = {
        f"{model.layers}-layers": model.layers > 1,
        "bidirectional": model.bidirectional,
        "lengths": case.lengths is not None,
        "sigmoid": model.activation == "sigmoid",
        "reset-before": model.reset == "before",
    }
    bias = "bias" if model.bias else "no-bias"
    return "-".join([model.cell, *(fact for fact in facts if facts[fact]), model.readout, bias, model.loss])


each_network_of_torch = pytest.mark.parametrize("case", [*CASES, *NETWORKS], ids=named)
each_network = pytest.mark.parametrize("case", ALL, ids=named)
OURS = (Reference, open_adapter("numpy"))
each_of_ours = pytest.mark.parametrize("adapter_type", OURS)


def after_training(adapter_type, case):
    adapter = case.start(adapter_type)
    adapter.train(case.batches)
    return adapter.parameters()


def gradients(adapter_type, case):
    """Parameters before minus after one update of rate 1."""
    after = after_training(adapter_type, case)
    return {name: case.parameters[name] - after[name] for name in after}


def assert_close(came, expected):
    assert came.keys() == expected.keys()
    for name, value in expected.items():
        assert difference(came[name], value) < LOCKSTEP, name


def long_case(optimizer):
    model = ModelSpec(cell="lstm", inputs=3, hidden=4, outputs=2, loss="half_squared_error")
    return make_case(model, TrainSpec(optimizer=optimizer, dtype="float64"), rows=UPDATES, time_steps=3)
