"""The conformance suite finds each typical mistake, in the check it belongs to, and says which it is."""

import pytest

from adapters.conformance import CHECKS, run
from adapters.interface import Declaration
from adapters.numpy_backend.adapter import NumpyAdapter
from tests.mutants import ALSO_FOUND_BY, MUTANTS, NAMED

BY_NAME = {check.name: check for check in CHECKS}
QUICK = [check for check in CHECKS if check.quick]
COMMON = (
    "gates i and f exchanged",
    "gates r and z exchanged",
    "forms of the GRU exchanged",
    "reverse direction begins with the padding",
    "decay coupled",
    "schedule one late",
    "two biases",
    "hidden state carried over",
    "cell state carried over",
    "hidden state reset at updates",
    "cell state reset at updates",
    "gradient not cut",
    "gradient cut a step early",
    "clipped by norm",
    "clipped after the update",
    "epsilon inside the root",
    "epsilon inside the bias correction",
    "epsilon of its own",
    "no bias correction",
)
each_mutant = pytest.mark.parametrize("mutant", MUTANTS, ids=[name.replace(" ", "-") for name in NAMED])


def assert_found(mutant, outcome):
    assert (outcome.name, outcome.status) == (mutant.found_by, "failed")
    assert mutant.says in f"{outcome.message}; {outcome.cause}"
    assert "\n" not in outcome.message


@each_mutant
def test_a_mutant_is_found_by_the_check_it_belongs_to(mutant):
    assert_found(mutant, run(BY_NAME[mutant.found_by], mutant.adapter_type))


@pytest.mark.exhaustive
@each_mutant
def test_no_check_before_it_finds_a_mutant(mutant):
    """Checks come in the order in which what fails is best mended; the reference is slow at large batches."""
    slow = not issubclass(mutant.adapter_type, NumpyAdapter)
    checks = [check for check in CHECKS if not (slow and check.name == "repeated_sequences")]
    outcomes = (run(check, mutant.adapter_type) for check in checks)
    assert_found(mutant, next(outcome for outcome in outcomes if outcome.status == "failed"))


def test_every_check_is_one_that_can_fail():
    belongs = {mutant.found_by for mutant in MUTANTS}
    assert belongs | ALSO_FOUND_BY.keys() | {"shapes_and_dtypes"} == BY_NAME.keys()


SLOW = (
    "everything_of_networks",
    "everything_of_every_cell",
    "adamw_many_updates",
    "rmsprop_many_updates",
    "adam_many_updates",
)
"""Checks in which it takes a second to find a mistake; `sgd_many_updates` is like three of them."""


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check, marks=pytest.mark.exhaustive if check in SLOW else (), id=check)
        for check in ALSO_FOUND_BY
    ],
)
def test_a_check_that_no_mutant_belongs_to_finds_one_all_the_same(check):
    assert run(BY_NAME[check], NAMED[ALSO_FOUND_BY[check]].adapter_type).status == "failed"


@pytest.mark.parametrize(
    "mistake",
    [*COMMON[:4], *(pytest.param(mistake, marks=pytest.mark.exhaustive) for mistake in COMMON[4:])],
)
def test_the_quick_checks_find_the_common_mistakes(mistake):
    assert any(run(check, NAMED[mistake].adapter_type).status == "failed" for check in QUICK)


@pytest.mark.parametrize("mistake", ["gates i and f exchanged", "epsilon of its own", "clipped by norm"])
def test_the_quick_checks_find_mistakes_in_float32_where_an_adapter_has_nothing_finer(mistake):
    class Coarse(NAMED[mistake].adapter_type):
        declaration = Declaration(dtypes=("float32",))

    outcomes = {check.name: run(check, Coarse) for check in QUICK}
    assert outcomes["everything_at_once"].status == "failed"
    assert {outcome.status for outcome in outcomes.values()} >= {"skipped", "failed"}
