"""What the reference and NumPy's adapter are put beside code that was not written here on."""

import pytest

from adapters import open_adapter
from adapters.conformance.cases import make_case
from adapters.conformance.expectations import difference
from adapters.conformance.mathematics import gradient_case
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


def named(case):
    bias = "bias" if case.model.bias else "no-bias"
    return f"{case.model.cell}-{case.model.readout}-{bias}-{case.model.loss}"


each_case = pytest.mark.parametrize("case", CASES, ids=named)
each_of_ours = pytest.mark.parametrize("adapter_type", [Reference, open_adapter("numpy")])


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
