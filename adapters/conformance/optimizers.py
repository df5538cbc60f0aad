"""Checks of the update rules over many updates, and of what tells one Adam from another."""

from dataclasses import replace

import numpy as np

from adapters.conformance.cases import AdapterType, make_case
from adapters.conformance.comparison import compare_training
from adapters.interface import Adam, ModelSpec, Sgd, TrainSpec

UPDATES = 200


def sgd_many_updates(adapter_type: AdapterType) -> None:
    """SGD stays with the reference over 200 updates."""
    _compare(adapter_type, Sgd(learning_rate=0.1), updates=UPDATES)


def adam_many_updates(adapter_type: AdapterType) -> None:
    """Adam stays with the reference over 200 updates."""
    _compare(adapter_type, Adam(learning_rate=0.01), updates=UPDATES)


def adam_first_updates(adapter_type: AdapterType) -> None:
    """Adam's first two updates, where the bias correction counts most."""
    _compare(adapter_type, Adam(learning_rate=0.01, beta1=0.95, beta2=0.99, epsilon=1e-3), updates=2)


def adam_epsilon(adapter_type: AdapterType) -> None:
    """Adam with gradients far below an epsilon of 0.1, outside both root and bias correction."""
    _compare(adapter_type, Adam(learning_rate=1.0, epsilon=0.1), updates=5, scale=0.02)


def adam_without_memory(adapter_type: AdapterType) -> None:
    """Adam with beta1 = 0, and with beta2 = 0."""
    for beta1, beta2 in ((0.0, 0.999), (0.9, 0.0)):
        _compare(adapter_type, Adam(learning_rate=0.01, beta1=beta1, beta2=beta2, epsilon=1e-3), updates=6)


def adam_in_float32(adapter_type: AdapterType) -> None:
    """In float32 Adam's moments are float32, too: the squares of gradients near 1e-25 are zero."""
    model = ModelSpec(cell="lstm", inputs=2, hidden=3, outputs=2, loss="half_squared_error", bias=False)
    train = TrainSpec(optimizer=Adam(learning_rate=1e-4, epsilon=1e-30), dtype="float32")
    case = make_case(model, train, time_steps=3)
    tiny = {**case.parameters, "readout_kernel": np.float32(1e-25) * case.parameters["readout_kernel"]}
    case = replace(case, parameters=tiny, targets=np.zeros_like(case.targets))
    compare_training(adapter_type, case, tolerance=1e-3)


def _compare(adapter_type: AdapterType, optimizer: Sgd | Adam, *, updates: int, scale: float = 0.5) -> None:
    model = ModelSpec(cell="lstm", inputs=2, hidden=3, outputs=2, loss="half_squared_error")
    train = TrainSpec(optimizer=optimizer, dtype="float64")
    compare_training(adapter_type, make_case(model, train, rows=updates, time_steps=3, scale=scale))
