"""`diff` tells a slower adapter from a slower machine and from chance, on noise like the reference's."""

import pytest
from numpy.random import PCG64, Generator

from compare.analysis.run_diff import diff_runs
from tests.simulated_runs import simulated, tasks

ADAPTERS = ("numpy", "torch", "tensorflow", "jax")
SEEDS = {0.05: 8, 0.02: 14}
"""Threshold -> from how many seeds the README says that twice as much is found."""

COMPARISONS = 20


def diff(seeds, threshold, *keys, **planted):
    generator = Generator(PCG64([seeds, *keys]))
    return diff_runs(simulated(seeds, generator), simulated(seeds, generator, **planted), threshold)


def slower(found):
    return {change.adapter for change in found.changes if change.regression}


@pytest.mark.parametrize("threshold", SEEDS)
def test_a_slower_adapter_is_found_and_no_other(threshold):
    planted = {"torch": 1 + (0.1 if threshold == 0.05 else 0.05)}
    assert slower(diff(SEEDS[threshold], threshold, 1, slower=planted)) == {"torch"}


@pytest.mark.parametrize(("machine", "word"), [(1.3, "slower"), (1 / 1.3, "faster")])
def test_a_machine_that_changed_is_said_so_and_is_no_regression(machine, word):
    found = diff(6, 0.05, 2, machine=machine)
    assert not slower(found)
    assert {c.finding for c in found.changes if c.measure == "sequences/s"} == {f"{word} machine"}
    names = ", ".join(task.name for task in tasks())
    assert (
        f"{names}: all adapters became {word} by the same factor: the machine did, or what they all share."
        in (found.remarks)
    )


def test_an_adapter_that_became_slower_on_a_slower_machine_is_found():
    assert slower(diff(6, 0.05, 3, machine=1.3, slower={"jax": 1.15})) == {"jax"}


def test_an_adapter_that_became_faster_is_no_slowdown_of_the_others():
    assert not slower(diff(6, 0.05, 4, slower={"jax": 0.7}))


def test_several_that_became_slower_are_no_slower_machine_while_another_did_not():
    planted = dict.fromkeys(("torch", "tensorflow", "jax"), 1.3)
    assert slower(diff(6, 0.05, 5, slower=planted)) == {"torch", "tensorflow", "jax"}


@pytest.mark.exhaustive
@pytest.mark.parametrize("threshold", SEEDS)
def test_twenty_comparisons_of_the_same_have_one_alarm_at_most(threshold):
    alarms = [bool(slower(diff(SEEDS[threshold], threshold, 6, each))) for each in range(COMPARISONS)]
    assert sum(alarms) <= 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("threshold", SEEDS)
def test_a_slower_adapter_is_found_in_nineteen_of_twenty_comparisons(threshold, adapter):
    planted = {adapter: 1 + (0.1 if threshold == 0.05 else 0.05)}
    found = [
        slower(diff(SEEDS[threshold], threshold, 7, each, slower=planted)) for each in range(COMPARISONS)
    ]
    assert sum(adapter in each for each in found) >= 0.95 * COMPARISONS
    assert sum(bool(each - {adapter}) for each in found) <= 1
