"""Checks of what goes in and out: shapes, dtypes, copies, memory layouts."""

from dataclasses import replace

import numpy as np

from adapters.conformance.cases import AdapterType, Case, make_case, supported, supported_case
from adapters.conformance.expectations import expect, expect_array, expect_close, expect_equal
from adapters.interface import Adapter, Cell, ModelSpec, Sgd, TrainSpec
from adapters.parameters import shapes

CHEAPEST_FIRST: tuple[Cell, ...] = ("elman", "lstm")
"""Where either cell will do: an Elman cell is compiled sooner."""


def shapes_and_dtypes(adapter_type: AdapterType) -> None:
    """What train, predict and parameters return has the shape of the contract and the dtype of the spec."""
    last = supported_case(adapter_type, cells=CHEAPEST_FIRST, rows=3, batch=2)
    N, T, K = *last.inputs.shape[:2], last.model.outputs
    adapter = last.start(adapter_type)
    _expect_parameters(adapter, last)
    expect_array("losses", adapter.train(last.batches), (3,), last.train.dtype)
    _expect_parameters(adapter, last)
    _expect_predictions(adapter, last, (N, K))
    every = supported_case(adapter_type, cells=CHEAPEST_FIRST, readout="every")
    _expect_predictions(every.start(adapter_type), every, (N, T, K))


def _expect_predictions(adapter: Adapter, case: Case, outputs: tuple[int, ...]) -> None:
    for given in ("float32", "float64"):
        actual = adapter.predict(case.inputs.astype(given))
        expect_array(f"predictions for {given} inputs", actual, outputs, case.train.dtype)


def _expect_parameters(adapter: Adapter, case: Case) -> None:
    parameters, expected = adapter.parameters(), shapes(case.model)
    expect(
        list(parameters) == list(expected),
        f"parameters: expected {', '.join(expected)} in this order, got {', '.join(parameters)}",
    )
    for name, shape in expected.items():
        expect_array(f"parameter {name}", parameters[name], shape, case.train.dtype)


def parameters_round_trip(adapter_type: AdapterType) -> None:
    """Parameters come back as they were handed in, and a new adapter goes on from those of a trained one."""
    case = supported_case(adapter_type)
    adapter = case.start(adapter_type)
    for name, value in adapter.parameters().items():
        expect_equal(f"parameter {name} before training", value, case.parameters[name])
    adapter.train(case.batches)
    trained = adapter.parameters()
    successor = adapter_type(case.model, case.train, trained)
    for name, value in successor.parameters().items():
        expect_equal(f"parameter {name} handed on", value, trained[name])
    expect_equal("predictions of the successor", successor.predict(case.inputs), adapter.predict(case.inputs))


def predicts_nothing_of_nothing(adapter_type: AdapterType) -> None:
    """The predictions for no sequences are an array of no predictions."""
    case = supported_case(adapter_type)
    actual = case.start(adapter_type).predict(case.inputs[:0])
    expect_array("predictions for no sequences", actual, (0, case.model.outputs), case.train.dtype)


def no_batches_no_losses(adapter_type: AdapterType) -> None:
    """Training on no batches returns no losses and changes nothing."""
    case = supported_case(adapter_type)
    adapter = case.start(adapter_type)
    expect_array("losses of no batches", adapter.train(case.batches[:0]), (0,), case.train.dtype)
    for name, value in adapter.parameters().items():
        expect_equal(f"parameter {name} after no batches", value, case.parameters[name])


def arguments_unmodified(adapter_type: AdapterType) -> None:
    """Neither parameters, inputs, targets nor batches are written to."""
    case = supported_case(adapter_type, rows=3)
    arguments = {
        **case.parameters,
        "inputs": case.inputs,
        "targets": case.targets,
        "batches": case.batches,
    }
    before = {name: value.copy() for name, value in arguments.items()}
    adapter = case.start(adapter_type)
    adapter.train(case.batches)
    adapter.predict(case.inputs)
    for name, value in arguments.items():
        expect(
            np.array_equal(value, before[name]),
            f"{name}: expected the caller's array unchanged, got it changed",
        )


def results_are_copies(adapter_type: AdapterType) -> None:
    """What is returned stays as it is when training goes on, and writing to it changes nothing."""
    case = supported_case(adapter_type)
    adapter = case.start(adapter_type)
    parameters, predictions = adapter.parameters(), adapter.predict(case.inputs)
    kept = {name: value.copy() for name, value in parameters.items()}
    kept_predictions = predictions.copy()
    adapter.train(case.batches)
    adapter.predict(case.inputs + 1)
    for name, value in parameters.items():
        expect_equal(f"parameter {name}, returned before training", value, kept[name])
    expect_equal("predictions, returned before training", predictions, kept_predictions)
    expected = adapter.predict(case.inputs)
    for value in adapter.parameters().values():
        value[...] = 0
    expect_equal(
        "predictions after zeros were written to what parameters() returned",
        adapter.predict(case.inputs),
        expected,
    )


def any_layout(adapter_type: AdapterType) -> None:
    """Arrays in reverse, in Fortran or foreign byte order, read-only or of small integers mean the same."""
    model = ModelSpec(cell="lstm", inputs=3, hidden=4, outputs=3, loss="softmax_cross_entropy")
    train = TrainSpec(optimizer=Sgd(learning_rate=0.1), dtype="float64")
    case = next(supported(adapter_type, [make_case(model, train)]))
    odd = replace(
        case,
        parameters={name: np.asfortranarray(value) for name, value in case.parameters.items()},
        inputs=case.inputs[::-1].astype(">f8")[::-1],
        targets=case.targets.astype(np.uint8),
        batches=case.batches.astype(np.int32)[:, ::-1].copy()[:, ::-1],
    )
    for value in (*odd.parameters.values(), odd.inputs, odd.targets, odd.batches):
        value.flags.writeable = False
    expected, actual = case.start(adapter_type), odd.start(adapter_type)
    expect_close("losses", actual.train(odd.batches), expected.train(case.batches), 1e-10)
    expect_close("predictions", actual.predict(odd.inputs), expected.predict(case.inputs), 1e-10)
