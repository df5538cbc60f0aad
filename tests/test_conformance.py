"""Every adapter that ships keeps the contract, and the suite that finds this out survives any adapter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import VARIANTS, open_adapter
from adapters.conformance import CHECKS, Outcome, conforms, run
from adapters.conformance.cases import OPTIMIZERS
from adapters.conformance.comparison import compare_predictions, compare_training
from adapters.conformance.random_cases import random_case
from adapters.conformance.reference import Reference
from adapters.interface import UnsupportedSpec
from adapters.numpy_backend.adapter import NumpyAdapter
from compare.parity.conformance_run import ConformanceRun
from compare.runner.worker_process import Limits
from tests.groups import COMPLETE, IN_PROCESS, OWN_PROCESS, each_adapter

ALL = IN_PROCESS
NAMED = {check.name: check for check in CHECKS}
COMPILED = ("tensorflow", "jax", "tensorflow-graph", "numba", "keras-tensorflow", "torch-compile")
"""Adapters that take seconds for every new model."""

CHEAP = {
    "tensorflow": {"no_batches_no_losses"},
    "jax": {"no_batches_no_losses"},
    "tensorflow-graph": {"shapes_and_dtypes"},
    "numba": {"forward_lstm"},
    "keras-tensorflow": {"forward_lstm", "adam_betas_of_zero", "momentum_many_updates", "batch_sizes_change"},
    "torch-compile": set(),
}
"""Beside the quick checks of the first two; TensorFlow's adapters share most of their code."""


def each_check():
    """Every adapter and every check; what compiled ones take long for, or a variant shares, is exhaustive."""
    for check in CHECKS:
        for name in ALL:
            usual = name not in COMPILED and name not in VARIANTS
            quick = check.quick and not (name in COMPILED and name in VARIANTS)
            cheap = usual or quick or check.name in CHEAP.get(name, ())
            (case,) = each_adapter([name], () if cheap else (pytest.mark.exhaustive,))
            yield pytest.param(name, check, marks=case.marks, id=f"{name}-{check.name}")


def leave_no_case_out(monkeypatch):
    """Let a refusal end a check, which is skipped then; otherwise it goes on with the cases that are left."""
    monkeypatch.setattr("adapters.conformance.cases.UnsupportedSpec", ())


@pytest.mark.parametrize(("name", "check"), [*each_check()])
def test_an_adapter_passes_a_check(name, check, monkeypatch):
    if name in COMPLETE and check.name != "fewer_digits":
        leave_no_case_out(monkeypatch)
    outcome = run(check, open_adapter(name))
    if check.name == "fewer_digits" and outcome.status == "skipped":  # for want of kernels
        assert outcome.message.startswith("dtype is ")
    else:
        assert outcome == Outcome(name=check.name, status="passed")


@pytest.mark.parametrize("name", each_adapter(["tensorflow", "jax"]))
def test_a_compiled_adapter_goes_on_from_its_state(name, monkeypatch):
    """With one optimizer, which has moments and a decay; the whole check is of them all."""
    leave_no_case_out(monkeypatch)
    monkeypatch.setattr("adapters.conformance.cases.OPTIMIZERS", OPTIMIZERS[3:4])
    assert run(NAMED["goes_on_from_its_state"], open_adapter(name)).status == "passed"


def assert_passes_elsewhere(name, checks):
    elsewhere = ConformanceRun(name, Limits(threads=1, timeout_seconds=600), "cpu", workers=1)
    outcomes = []
    try:
        elsewhere.run(checks, outcomes.append)
    finally:
        elsewhere.end()
    assert [outcome.name for outcome in outcomes] == [check.name for check in checks]
    assert [outcome for outcome in outcomes if outcome.status not in ("passed", "skipped")] == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", OWN_PROCESS)
def test_an_adapter_passes_all_checks_in_a_process_of_its_own(name):
    assert_passes_elsewhere(name, CHECKS)


@pytest.mark.parametrize("name", each_adapter([name for name in ALL if name not in COMPILED]))
@given(seed=st.integers(0, 2**32 - 1))
def test_random_specs_agree_with_the_reference(name, seed):
    compare_predictions(open_adapter(name), random_case(seed))
    compare_training(open_adapter(name), random_case(seed))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", each_adapter([name for name in COMPILED if name in COMPLETE]))
def test_a_hundred_random_specs_agree_with_the_reference(name):
    for seed in range(100):
        compare_training(open_adapter(name), random_case(seed))


# repeated_sequences has 7,000 parameters, each of which costs it a forward pass; fewer_digits is not for it
@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, marks=() if check.quick else pytest.mark.exhaustive, id=check.name)
        for check in CHECKS
        if check.name not in ("repeated_sequences", "fewer_digits")
    ],
)
def test_the_reference_keeps_the_contract(check):
    assert run(check, Reference).message == ""


def test_names_and_promises():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.promise.endswith("."), check.name
        assert "\n" not in check.promise, check.name


# adapters that go wrong altogether


class Raising(NumpyAdapter):
    def _train(self, batches):
        raise RuntimeError("out of\nmemory")


class WrongShapes(NumpyAdapter):
    def _predict(self, inputs, lengths):
        return super()._predict(inputs, lengths)[..., np.newaxis]


class NotANumber(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches) * np.nan


class WrongDtype(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches).astype(np.float32)


class Lists(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches).tolist()


class MissingParameter(NumpyAdapter):
    def parameters(self):
        return {name: value for name, value in super().parameters().items() if name != "readout_kernel"}


@pytest.mark.parametrize(
    ("adapter_type", "says"),
    [
        (Raising, "expected no error, got RuntimeError: out of memory"),
        (WrongShapes, "predictions for float32 inputs: expected shape (7, 2), got (7, 2, 1)"),
        (NotANumber, "losses: expected finite values, got 3 NaN or infinite ones of 3"),
        pytest.param(WrongDtype, "losses: expected float64, got float32", marks=pytest.mark.exhaustive),
        (Lists, "losses: expected a NumPy array, got list"),
        (MissingParameter, "parameters: expected input_kernel"),
    ],
)
def test_a_bad_adapter_fails_by_name_and_the_suite_goes_on(adapter_type, says):
    first = [check for check in CHECKS if check.quick][:2]
    outcomes = [run(check, adapter_type) for check in first]
    assert [outcome.name for outcome in outcomes] == [check.name for check in first]
    assert (outcomes[0].name, outcomes[0].status) == ("shapes_and_dtypes", "failed")
    assert says in outcomes[0].message
    assert not conforms(outcomes)


# what an adapter does not support


class LstmOnly(NumpyAdapter):
    def __init__(self, model, *arguments, **options):
        if model.cell != "lstm":
            raise UnsupportedSpec(f"cell is {model.cell!r}: only the LSTM is there")
        super().__init__(model, *arguments, **options)


class Float32Only(NumpyAdapter):
    def __init__(self, model, train, *arguments, **options):
        if train.dtype != "float32":
            raise UnsupportedSpec(f"dtype is {train.dtype!r}: only float32 is there")
        super().__init__(model, train, *arguments, **options)


class NothingAtAll(NumpyAdapter):
    def __init__(self, model, *arguments, **options):
        raise UnsupportedSpec(f"cell is {model.cell!r}: none is there")


class Forgetful(NumpyAdapter):
    def state(self):
        return None


@pytest.mark.parametrize(
    ("adapter_type", "skipped", "passed", "says"),
    [
        (Forgetful, "goes_on_from_its_state", "rows_equal_calls", "state is None: a cell that is broken off"),
        (LstmOnly, "gradients_elman_tanh", "gradients_lstm", "cell is 'elman': only the LSTM is there"),
        (Float32Only, "gradients_lstm", "no_state_between_batches", "dtype is 'float64'"),
    ],
)
def test_what_is_not_supported_is_skipped_with_the_reason(adapter_type, skipped, passed, says):
    asked = [check for check in CHECKS if check.quick or check.name in (skipped, passed)]
    outcomes = {check.name: run(check, adapter_type) for check in asked}
    assert outcomes[skipped].status == "skipped"
    assert says in outcomes[skipped].message
    assert outcomes[passed].status == "passed"
    assert conforms(outcomes.values())


def test_a_refused_case_is_left_out_but_where_none_may_be(monkeypatch):
    assert run(NAMED["stacked_layers"], LstmOnly).status == "passed"
    leave_no_case_out(monkeypatch)
    assert run(NAMED["stacked_layers"], LstmOnly).status == "skipped"


def test_an_adapter_that_supports_nothing_does_not_conform():
    outcomes = [run(check, NothingAtAll) for check in CHECKS if check.quick]
    assert {outcome.status for outcome in outcomes} == {"skipped"}
    assert not conforms(outcomes)
