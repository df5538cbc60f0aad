"""The suite passes every adapter that ships, finds each typical mistake, and survives any adapter."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutants import MUTANTS, Mutant

from adapters import VARIANTS, default_names, open_adapter
from adapters.conformance import CHECKS, Check, Outcome, conforms, run
from adapters.conformance.cases import random_case
from adapters.conformance.comparison import compare_predictions, compare_training
from adapters.conformance.reference import Reference
from adapters.interface import Adapter, Array, Declaration, UnsupportedSpec
from adapters.numpy_backend.adapter import NumpyAdapter


def named(check: Check) -> str:
    return check.name


@pytest.mark.parametrize("check", CHECKS, ids=named)
@pytest.mark.parametrize("name", [*default_names(), *VARIANTS])
def test_every_adapter_passes_every_check(name: str, check: Check):
    outcome = run(check, open_adapter(name))
    assert outcome == Outcome(name=check.name, status="passed")


@pytest.mark.parametrize("name", ["numpy", "torch", "torch-autograd"])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_specs(name: str, seed: int):
    case = random_case(seed)
    compare_predictions(open_adapter(name), case)
    compare_training(open_adapter(name), case)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_mutant_is_found_by_the_check_that_should_find_it(mutant: Mutant):
    outcomes = (run(check, mutant.adapter_type) for check in CHECKS)
    found = next(outcome for outcome in outcomes if outcome.status == "failed")
    assert found.name == mutant.found_by
    assert mutant.says in f"{found.message}; {found.cause}"
    assert "\n" not in found.message


@pytest.mark.parametrize(
    "mistake",
    [
        "gates i and f exchanged",
        "hidden state carried over",
        "memory carried over",
        "hidden state reset at updates",
        "memory reset at updates",
        "gradient not cut",
        "gradient cut a step early",
        "clipped by norm",
        "clipped after the update",
        "epsilon inside the root",
        "epsilon inside the bias correction",
        "epsilon of its own",
        "no bias correction",
    ],
)
def test_the_quick_checks_find_the_common_mistakes(mistake: str):
    mutant = next(mutant for mutant in MUTANTS if mutant.name == mistake)
    outcomes = (run(check, mutant.adapter_type) for check in CHECKS if check.quick)
    assert any(outcome.status == "failed" for outcome in outcomes)


@pytest.mark.parametrize("mistake", ["gates i and f exchanged", "epsilon of its own", "clipped by norm"])
def test_the_quick_checks_find_mistakes_in_float32_where_an_adapter_has_nothing_finer(mistake: str):
    mutant = next(mutant for mutant in MUTANTS if mutant.name == mistake)

    class Coarse(mutant.adapter_type):
        declaration = Declaration(dtypes=("float32",))

    outcomes = {check.name: run(check, Coarse) for check in CHECKS if check.quick}
    assert outcomes["everything_at_once"].status == "failed"
    assert {outcome.status for outcome in outcomes.values()} >= {"skipped", "failed"}


class Raising(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        raise RuntimeError("out of\nmemory")


class WrongShapes(NumpyAdapter):
    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        return super()._predict(inputs, lengths)[..., np.newaxis]


class NotANumber(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        return super()._train(batches) * np.nan


class WrongDtype(NumpyAdapter):
    def _train(self, batches: Array) -> Array:
        return super()._train(batches).astype(np.float32)


class Lists(NumpyAdapter):
    def _train(self, batches: Array) -> Any:
        return super()._train(batches).tolist()


class MissingParameter(NumpyAdapter):
    def parameters(self) -> dict[str, Array]:
        parameters = super().parameters()
        parameters.pop("readout_kernel")
        return parameters


@pytest.mark.parametrize(
    ("adapter_type", "says"),
    [
        (Raising, "expected no error, came RuntimeError: out of memory"),
        (WrongShapes, "predictions for float32 inputs: expected shape (7, 2), came (7, 2, 1)"),
        (NotANumber, "losses: expected finite values, came 3 NaN or infinite ones of 3"),
        (WrongDtype, "losses: expected float64, came float32"),
        (Lists, "losses: expected a NumPy array, came list"),
        (MissingParameter, "parameters: expected input_kernel"),
    ],
)
def test_bad_adapter_fails_by_name_and_the_suite_goes_on(adapter_type: type[Adapter], says: str):
    outcomes = [run(check, adapter_type) for check in CHECKS]
    assert [outcome.name for outcome in outcomes] == [check.name for check in CHECKS]
    assert (outcomes[0].name, outcomes[0].status) == ("shapes_and_dtypes", "failed")
    assert says in outcomes[0].message
    assert not conforms(outcomes)


def test_every_check_can_fail():
    bad = [mutant.adapter_type for mutant in MUTANTS] + [WrongShapes]
    unshaken = [check.name for check in CHECKS if all(run(check, each).status == "passed" for each in bad)]
    assert unshaken == []


class LstmOnly(NumpyAdapter):
    def __init__(self, model: Any, *arguments: Any, **options: Any) -> None:
        if model.cell != "lstm":
            raise UnsupportedSpec(f"cell is {model.cell!r}: only the LSTM is there")
        super().__init__(model, *arguments, **options)


class Float32Only(NumpyAdapter):
    def __init__(self, model: Any, train: Any, *arguments: Any, **options: Any) -> None:
        if train.dtype != "float32":
            raise UnsupportedSpec(f"dtype is {train.dtype!r}: only float32 is there")
        super().__init__(model, train, *arguments, **options)


class NothingAtAll(NumpyAdapter):
    def __init__(self, model: Any, *arguments: Any, **options: Any) -> None:
        raise UnsupportedSpec(f"cell is {model.cell!r}: none is there")


class Forgetful(NumpyAdapter):
    def state(self) -> Any:
        return None


@pytest.mark.parametrize(
    ("adapter_type", "skipped", "passed", "says"),
    [
        (Forgetful, "goes_on_from_its_state", "rows_equal_calls", "state is None: a cell that is broken off"),
        (LstmOnly, "gradients_elman_tanh", "gradients_lstm", "cell is 'elman': only the LSTM is there"),
        (Float32Only, "gradients_lstm", "no_state_between_batches", "dtype is 'float64'"),
    ],
)
def test_what_is_not_supported_is_skipped_with_the_reason(
    adapter_type: type[Adapter], skipped: str, passed: str, says: str
):
    outcomes = {check.name: run(check, adapter_type) for check in CHECKS}
    assert outcomes[skipped].status == "skipped"
    assert says in outcomes[skipped].message
    assert outcomes[passed].status == "passed"
    assert conforms(outcomes.values())


def test_an_adapter_that_supports_nothing_does_not_conform():
    outcomes = [run(check, NothingAtAll) for check in CHECKS]
    assert {outcome.status for outcome in outcomes} == {"skipped"}
    assert not conforms(outcomes)


def test_the_reference_keeps_the_contract():
    for check in CHECKS:
        if check.name != "repeated_sequences":
            assert run(check, Reference).message == ""


def test_names_and_promises():
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert check.promise.endswith("."), check.name
        assert "\n" not in check.promise, check.name
