"""Checks that nothing is kept that should not be: between batches, calls and instances."""

from dataclasses import replace

import numpy as np

from adapters.conformance.cases import AdapterType, Case, for_each_optimizer, supported_case
from adapters.conformance.expectations import expect, expect_close, expect_equal
from adapters.conformance.reference import Reference
from adapters.interface import Array, UnsupportedSpec

STANDSTILL = 1e-30
"""So small a rate that no parameter moves: the same batch must give the same loss wherever it comes."""


def repeatable(adapter_type: AdapterType) -> None:
    """The same calls give the same losses, parameters and predictions, bit for bit."""
    case = supported_case(adapter_type, rows=3)
    first = case.start(adapter_type)
    losses = first.train(case.batches)
    second = case.start(adapter_type)
    expect_equal("losses of a second run", second.train(case.batches), losses)
    for name, value in first.parameters().items():
        expect_equal(f"parameter {name} of a second run", second.parameters()[name], value)
    expect_equal("predictions of a second run", second.predict(case.inputs), first.predict(case.inputs))


def rows_equal_calls(adapter_type: AdapterType) -> None:
    """One call with five rows equals calls with two, one and two."""
    case = supported_case(adapter_type, rows=5)
    whole, parts = case.start(adapter_type), case.start(adapter_type)
    expected = whole.train(case.batches)
    actual = np.concatenate([parts.train(rows) for rows in np.split(case.batches, [2, 3])])
    expect_close("losses of three calls against one", actual, expected, _tolerance(case))
    for name, value in whole.parameters().items():
        expect_close(
            f"parameter {name} after three calls against one",
            parts.parameters()[name],
            value,
            _tolerance(case),
        )


def no_state_between_batches(adapter_type: AdapterType) -> None:
    """With parameters that stand still a batch has the same loss, whatever batches went before."""
    case = _standing(supported_case(adapter_type, readout="every"))
    losses = case.start(adapter_type).train(np.array([[0, 1], [2, 3], [0, 1]]))
    first, _, last = losses.reshape(3, -1)
    expect_close(
        "losses of batch (0, 1) after batch (2, 3), state and parameters back where they were",
        last,
        first,
        _tolerance(case),
    )


def no_state_between_calls(adapter_type: AdapterType) -> None:
    """With parameters that stand still a call gives the same losses, whatever calls went before."""
    case = _standing(supported_case(adapter_type))
    adapter, batch = case.start(adapter_type), np.array([[0, 1]])
    first = adapter.train(batch)
    adapter.train(batch + 2)
    expect_close("losses of batch (0, 1) in a later call", adapter.train(batch), first, _tolerance(case))
    predictions = adapter.predict(case.inputs)
    adapter.predict(case.inputs + 1)
    adapter.train(batch)
    expect_close("predictions in a later call", adapter.predict(case.inputs), predictions, _tolerance(case))


def predict_leaves_training_alone(adapter_type: AdapterType) -> None:
    """Calls of predict and parameters between calls of train change none of the losses that follow."""
    case = supported_case(adapter_type)
    plain, watched = case.start(adapter_type), case.start(adapter_type)
    for call in range(3):
        expected, actual = plain.train(case.batches), watched.train(case.batches)
        expect_close(f"losses of call {call}, predict called in between", actual, expected, _tolerance(case))
        watched.predict(case.inputs[:4])
        watched.parameters()


def instances_are_independent(adapter_type: AdapterType) -> None:
    """Two adapters that take turns learn what each learns by itself."""
    case = supported_case(adapter_type)
    other = replace(case, inputs=-case.inputs, targets=case.targets + 1)
    alone, first, second = (one.start(adapter_type) for one in (case, case, other))
    for call in range(2):
        expected, actual = alone.train(case.batches), first.train(case.batches)
        expect_equal(f"losses of call {call}, another adapter training in between", actual, expected)
        second.train(case.batches)


def batch_sizes_change(adapter_type: AdapterType) -> None:
    """Batches of 4, 1, 4 and 6 sequences, call by call, and predictions for 7, 1 and 601 sequences."""
    case = supported_case(adapter_type)
    adapter, reference = case.start(adapter_type), case.start(Reference)
    for batch in (4, 1, 4, 6):
        rows = np.arange(batch)[np.newaxis]
        expect_close(
            f"losses of a batch of {batch}", adapter.train(rows), reference.train(rows), _tolerance(case)
        )
    for sequences in (7, 1, 601):
        inputs: Array = np.resize(case.inputs, (sequences, *case.inputs.shape[1:]))
        expect_close(
            f"predictions for {sequences} sequences",
            adapter.predict(inputs),
            reference.predict(inputs),
            _tolerance(case),
        )


def data_change(adapter_type: AdapterType) -> None:
    """Data of another length, loaded later, are trained on as any other; parameters and moments are kept."""
    case = supported_case(adapter_type)
    adapter, reference = case.start(adapter_type), case.start(Reference)
    for time_steps in (4, 3, 5):
        later = supported_case(adapter_type, time_steps=time_steps, seed=time_steps)
        adapter.load(later.inputs, later.targets)
        reference.load(later.inputs, later.targets)
        expect_close(
            f"losses on sequences of {time_steps} time steps, loaded later",
            adapter.train(case.batches),
            reference.train(case.batches),
            _tolerance(case),
        )


def goes_on_from_its_state(adapter_type: AdapterType) -> None:
    """Training that is broken off and goes on in a new adapter gives the same losses, bit for bit."""
    case = supported_case(adapter_type, rows=3)
    for trained in for_each_optimizer(adapter_type, case):
        first, second = trained.start(adapter_type), trained.start(adapter_type)
        first.train(case.batches)
        state = first.state()
        if state is None:
            raise UnsupportedSpec("state is None: a cell that is broken off starts anew")
        for name, value in state.items():
            plain = isinstance(value, np.ndarray) and not value.dtype.hasobject
            expect(plain, f"state: expected NumPy arrays of numbers, got {name} as {type(value).__name__}")
        expected = first.train(case.batches)
        for attempt in ("of a new adapter", "of one that goes back"):
            second.restore(state)
            expect_equal(f"losses {attempt}, {trained.train.optimizer}", second.train(case.batches), expected)
            for name, value in first.parameters().items():
                expect_equal(f"parameter {name} {attempt}", second.parameters()[name], value)


def repeated_sequences(adapter_type: AdapterType) -> None:
    """A batch of 140 that holds the same 7 sequences twenty times gives the losses of those 7."""
    case = supported_case(adapter_type, hidden=40)
    once, often = case.start(adapter_type), case.start(adapter_type)
    rows = np.tile(np.arange(7), (2, 1))
    expect_close(
        "losses of a large batch of repeated sequences",
        often.train(np.tile(rows, 20)),
        once.train(rows),
        _tolerance(case),
    )


def _standing(case: Case) -> Case:
    return replace(
        case, train=replace(case.train, optimizer=replace(case.train.optimizer, learning_rate=STANDSTILL))
    )


def _tolerance(case: Case) -> float:
    return 1e-10 if case.train.dtype == "float64" else 1e-4
