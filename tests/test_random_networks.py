"""Random combinations of everything that the specs can ask for: each adapter beside the reference."""

from functools import cache
from itertools import product

import numpy as np
import pytest

from adapters import VARIANTS, default_names, open_adapter
from adapters.conformance.expectations import difference
from adapters.conformance.random_cases import random_case
from adapters.conformance.reference import Reference
from adapters.interface import UnsupportedSpec
from tests.groups import COMPLETE, IN_PROCESS, each_adapter

ADAPTERS = [
    *each_adapter(default_names()),
    *each_adapter([name for name in VARIANTS if name in IN_PROCESS], (pytest.mark.exhaustive,)),
]
"""Those that are left out unless they are asked for have their hundreds with the others."""

UPDATES = 200
LOCKSTEP = 1e-10
FEW, MANY = 12, 300


@cache
def case_and_losses(seed):
    case = random_case(seed, updates=UPDATES)
    return case, case.start(Reference).train(case.batches)


def assert_lockstep(name, seed):
    case, expected = case_and_losses(seed)
    try:
        adapter = case.start(open_adapter(name))
    except UnsupportedSpec as refusal:
        if name in COMPLETE:
            raise
        pytest.skip(str(refusal))
    losses = adapter.train(case.batches)
    assert np.isfinite(losses).all()
    assert difference(losses, expected) < LOCKSTEP, case


def each_of_a_dozen():
    """Every adapter and combination; compiled ones take seconds for each, and every sixth one here."""
    for parameter, seed in product(ADAPTERS, range(FEW)):
        (name,) = parameter.values
        left = [pytest.mark.exhaustive] if name in ("tensorflow", "jax") and seed % 6 else []
        yield pytest.param(name, seed, marks=[*parameter.marks, *left], id=f"{name}-{seed}")


@pytest.mark.parametrize(("name", "seed"), [*each_of_a_dozen()])
def test_a_dozen_random_combinations_are_in_lockstep_over_two_hundred_updates(name, seed):
    assert_lockstep(name, seed)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(FEW, MANY))
@pytest.mark.parametrize("name", ADAPTERS)
def test_hundreds_of_random_combinations_are_in_lockstep_over_two_hundred_updates(name, seed):
    assert_lockstep(name, seed)
