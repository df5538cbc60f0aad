"""Checks of the update rules over many updates, of what tells one from another, schedules and clipping."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from adapters.conformance.cases import AdapterType, Case, make_case, supported
from adapters.conformance.comparison import TOLERANCE, compare_training
from adapters.conformance.expectations import expect_close
from adapters.interface import (
    Adam,
    AdamW,
    Cosine,
    Exponential,
    ModelSpec,
    Optimizer,
    RmsProp,
    Sgd,
    TrainSpec,
)

UPDATES = 200


def sgd_many_updates(adapter_type: AdapterType) -> None:
    """SGD stays with the reference over 200 updates."""
    _compare(adapter_type, Sgd(learning_rate=0.1), updates=UPDATES)


def momentum_many_updates(adapter_type: AdapterType) -> None:
    """SGD with a momentum stays with the reference over 200 updates."""
    _compare(adapter_type, Sgd(learning_rate=0.02, momentum=0.9), updates=UPDATES)


def nesterov_many_updates(adapter_type: AdapterType) -> None:
    """SGD with Nesterov's momentum stays with the reference over 200 updates."""
    _compare(adapter_type, Sgd(learning_rate=0.02, momentum=0.9, nesterov=True), updates=UPDATES)


def rmsprop_first_updates(adapter_type: AdapterType) -> None:
    """RMSprop's first two updates, where its mean square is still far from the squares."""
    _compare(adapter_type, RmsProp(learning_rate=0.01, decay=0.95, epsilon=1e-3), updates=2)


def rmsprop_epsilon(adapter_type: AdapterType) -> None:
    """RMSprop with gradients far below an epsilon of 0.1, which is added to the root."""
    _compare(adapter_type, RmsProp(learning_rate=1.0, epsilon=0.1), updates=5, scale=0.02)


def rmsprop_many_updates(adapter_type: AdapterType) -> None:
    """RMSprop stays with the reference over 200 updates."""
    _compare(adapter_type, RmsProp(learning_rate=0.005), updates=UPDATES)


def adam_first_updates(adapter_type: AdapterType) -> None:
    """Adam's first two updates, where the bias correction counts most."""
    _compare(adapter_type, Adam(learning_rate=0.01, beta1=0.95, beta2=0.99, epsilon=1e-3), updates=2)


def adam_epsilon(adapter_type: AdapterType) -> None:
    """Adam with gradients far below an epsilon of 0.1, outside both root and bias correction."""
    _compare(adapter_type, Adam(learning_rate=1.0, epsilon=0.1), updates=5, scale=0.02)


def adam_betas_of_zero(adapter_type: AdapterType) -> None:
    """Adam with beta1 = 0, and with beta2 = 0."""
    for beta1, beta2 in ((0.0, 0.999), (0.9, 0.0)):
        _compare(adapter_type, Adam(learning_rate=0.01, beta1=beta1, beta2=beta2, epsilon=1e-3), updates=6)


def adam_many_updates(adapter_type: AdapterType) -> None:
    """Adam stays with the reference over 200 updates."""
    _compare(adapter_type, Adam(learning_rate=0.01), updates=UPDATES)


def adamw_decay(adapter_type: AdapterType) -> None:
    """AdamW shrinks all parameters by rate times decay, whatever their gradient, before Adam's step."""
    _compare(adapter_type, AdamW(learning_rate=0.1, epsilon=0.1, weight_decay=0.5), updates=3, scale=0.1)


def adamw_many_updates(adapter_type: AdapterType) -> None:
    """AdamW stays with the reference over 200 updates."""
    _compare(adapter_type, AdamW(learning_rate=0.01, weight_decay=0.05), updates=UPDATES)


def cosine_schedule(adapter_type: AdapterType) -> None:
    """Up over 3 updates, down over 5 more, and level from then on; decay and velocity go with the rate."""
    cosine = Cosine(peak=0.1, updates=8, warm_up=3, floor=0.01)
    falling = Cosine(peak=0.1, updates=8)
    rules: tuple[Optimizer, ...] = (
        Sgd(learning_rate=cosine),
        Sgd(learning_rate=falling),
        Sgd(learning_rate=cosine, momentum=0.9),
        RmsProp(learning_rate=cosine, epsilon=1e-3),
        AdamW(learning_rate=cosine, epsilon=1e-3, weight_decay=0.5),
    )
    _compare_supported(adapter_type, rules, updates=11)


def exponential_schedule(adapter_type: AdapterType) -> None:
    """The rate falls smoothly, to half of it after every 3 updates; a velocity goes with it."""
    rate = Exponential(start=0.2, decay=0.5, every=3)
    rules: tuple[Optimizer, ...] = (
        Sgd(learning_rate=rate),
        Sgd(learning_rate=rate, momentum=0.9, nesterov=True),
        Adam(learning_rate=rate, epsilon=1e-3),
    )
    _compare_supported(adapter_type, rules, updates=8)


def schedule_counts_updates(adapter_type: AdapterType) -> None:
    """A schedule counts updates, of which a sequence has several, and goes on from call to call."""
    model = ModelSpec(cell="elman", inputs=2, hidden=3, outputs=2, loss="half_squared_error", readout="every")
    rate = Exponential(start=0.2, decay=0.5, every=4)
    train = TrainSpec(optimizer=Sgd(learning_rate=rate), update_every=2, dtype="float64")
    case = next(supported(adapter_type, [make_case(model, train, rows=3, time_steps=5)]))
    compare_training(adapter_type, case)
    whole, parts = case.start(adapter_type), case.start(adapter_type)
    expected = whole.train(case.batches)
    actual = np.concatenate([parts.train(row[np.newaxis]) for row in case.batches])
    expect_close("losses of three calls against one", actual, expected, TOLERANCE)


def clipping(adapter_type: AdapterType) -> None:
    """Each element of the whole batch's gradient is clipped by itself, before SGD or Adam sees it."""
    rules: tuple[Optimizer, ...] = (Sgd(learning_rate=0.5), Adam(learning_rate=0.05, epsilon=0.01))
    for rule in rules:
        model = ModelSpec(cell="elman", inputs=3, hidden=4, outputs=2, loss="half_squared_error")
        train = TrainSpec(optimizer=rule, clip_value=0.02, dtype="float64")
        for case in supported(adapter_type, [make_case(model, train, rows=5)]):
            compare_training(adapter_type, case)


def clipping_by_norm(adapter_type: AdapterType) -> None:
    """The gradient's norm over all parameters is scaled down to the limit, and left alone below it."""
    rules = (Sgd(learning_rate=0.5), Adam(learning_rate=0.05, epsilon=0.01))
    for limit in (0.05, 0.6, 100.0):
        _compare_supported(adapter_type, rules, updates=5, clip_norm=limit)


def vanishing_gradients(adapter_type: AdapterType) -> None:
    """Gradients near 1e-9, far below the usual epsilon: small steps, but for AdamW's decay."""
    rules: tuple[Optimizer, ...] = (
        Adam(learning_rate=0.01),
        RmsProp(learning_rate=0.01),
        AdamW(learning_rate=0.01, weight_decay=0.1),
        Sgd(learning_rate=0.1, momentum=0.9),
    )
    for case in supported(adapter_type, (_case(rule, updates=5, scale=0.5) for rule in rules)):
        tiny = {**case.parameters, "readout_kernel": 1e-9 * case.parameters["readout_kernel"]}
        tiny["readout_bias"] = 0 * case.parameters["readout_bias"]
        compare_training(adapter_type, replace(case, parameters=tiny, targets=0 * case.targets))


def adam_in_float32(adapter_type: AdapterType) -> None:
    """In float32 Adam's moments are float32, too: the squares of gradients near 1e-25 are zero."""
    model = ModelSpec(cell="lstm", inputs=2, hidden=3, outputs=2, loss="half_squared_error", bias=False)
    train = TrainSpec(optimizer=Adam(learning_rate=1e-4, epsilon=1e-30), dtype="float32")
    case = make_case(model, train, time_steps=3)
    tiny = {**case.parameters, "readout_kernel": np.float32(1e-25) * case.parameters["readout_kernel"]}
    case = replace(case, parameters=tiny, targets=np.zeros_like(case.targets))
    compare_training(adapter_type, case, tolerance=1e-3)


def _compare(adapter_type: AdapterType, optimizer: Optimizer, *, updates: int, scale: float = 0.5) -> None:
    compare_training(adapter_type, _case(optimizer, updates=updates, scale=scale))


def _compare_supported(
    adapter_type: AdapterType,
    optimizers: Iterable[Optimizer],
    *,
    updates: int,
    clip_norm: float | None = None,
) -> None:
    """Under those of the optimizers that the adapter has."""
    cases = (_case(rule, updates=updates, clip_norm=clip_norm) for rule in optimizers)
    for case in supported(adapter_type, cases):
        compare_training(adapter_type, case)


def _case(optimizer: Optimizer, *, updates: int, scale: float = 0.5, clip_norm: float | None = None) -> Case:
    model = ModelSpec(cell="lstm", inputs=2, hidden=3, outputs=2, loss="half_squared_error")
    train = TrainSpec(optimizer=optimizer, clip_norm=clip_norm, dtype="float64")
    return make_case(model, train, rows=updates, time_steps=3, scale=scale)
