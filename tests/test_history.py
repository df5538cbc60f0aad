"""Where a history of runs changed: a change is marked where the interval says so, and nowhere else."""

import math

import pytest
from numpy.random import PCG64, Generator

from compare.analysis.history import Times, change_points, looks_at
from compare.report.site.changes import version_key

HISTORIES = 100


def run(generator, seconds, *, processes=3, spread=0.01, of_run=0.02):
    """The times of one run: a run differs from others by more than its processes from each other."""
    middle = seconds * math.exp(generator.normal(0, of_run))
    times = tuple(middle * math.exp(generator.normal(0, spread)) for _ in range(processes))
    return Times(processes=times, seeds=times[:1])


def history(seed, steps, **options):
    generator = Generator(PCG64(seed))
    return [run(generator, seconds, **options) for seconds in steps]


def everywhere(series):
    return range(1, len(series))


def test_a_planted_change_is_found_where_it_is_with_its_size():
    series = history(1, [1e-4] * 12 + [1.25e-4] * 12)
    (point,) = change_points(series, everywhere(series), looks=500)
    assert (point.at, point.sample) == (12, "run")
    assert point.low < 1 / 1.25 < point.high < 1


def test_two_changes_are_both_found():
    series = history(2, [1e-4] * 10 + [1.3e-4] * 10 + [1e-4] * 10)
    assert [point.at for point in change_points(series, everywhere(series), looks=100)] == [10, 20]


@pytest.mark.parametrize("runs", [4, 20])
def test_of_histories_without_a_change_few_have_a_mark(runs):
    """At most one of twenty; the other bound is five standard deviations of that."""
    alike = 0.02 if runs > 5 else 0.0
    marked = sum(
        bool(change_points(series, everywhere(series), looks=looks_at(runs, range(1, runs))))
        for series in (history(seed, [1e-4] * runs, of_run=alike) for seed in range(HISTORIES))
    )
    assert marked <= 0.05 * HISTORIES + 5 * math.sqrt(0.05 * 0.95 * HISTORIES)


def test_more_looks_ask_for_more():
    series = history(3, [1e-4] * 4 + [1.06e-4] * 4, of_run=0.005)
    assert change_points(series, everywhere(series), looks=7)
    assert not change_points(series, everywhere(series), looks=10**6)


def test_in_a_short_history_processes_are_samples_and_rounds_never():
    longer = history(4, [1e-4] * 2 + [2e-4] * 2, of_run=0.0)
    (point,) = change_points(longer, everywhere(longer), looks=3)
    assert (point.at, point.sample) == (2, "process")
    single = history(4, [1e-4, 2e-4], processes=2)
    assert change_points(single, everywhere(single), looks=1) == []


def test_a_change_lies_only_where_it_was_looked_for():
    series = history(5, [1e-4] * 10 + [2e-4] * 10)
    assert [point.at for point in change_points(series, [8], looks=1)] == [8]


def test_runs_that_are_copies_of_each_other_have_no_change():
    one = Times(processes=(1e-4,) * 3, seeds=(1e-4,) * 3)
    assert change_points([one] * 9, range(1, 9), looks=8) == []


def test_no_interval_stands_on_fewer_than_three_processes():
    generator = Generator(PCG64(6))
    assert run(generator, 1e-4, processes=2).speed.low is None
    speed = run(generator, 1e-4).speed
    assert speed.low < speed.middle < speed.high
    assert speed.count == 3


def test_versions_are_ordered_by_their_numbers():
    ordered = ["2.9.1", "2.10.0.dev1", "2.10.0", "2.10.1+cpu"]
    assert sorted(ordered, key=version_key)[0] == "2.9.1"
    assert version_key("2.10.0") > version_key("2.9.1")
