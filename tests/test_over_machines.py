"""What kinds of machine say together: the machine is a random effect, and seconds are never pooled."""

import math
from dataclasses import replace

import pytest
from numpy.random import PCG64, Generator
from scipy import stats

from compare.analysis.machines import groups
from compare.analysis.over_machines import group_summaries, results_over_machines, times_over_machines
from compare.analysis.random_effects import Estimate, mean_and_error, over_machines, variance_between
from compare.cluster.merging import StoredRun, merge
from compare.records.cluster import ClusterRecord
from compare.records.profile import Profile
from compare.records.sweep import ThreadRounds
from compare.records.tutorial import Tutorials
from compare.report.pages import render_pages
from tests.example_results import ENVIRONMENT, SINE
from tests.merging import machine_results

TRIALS_OF_BCG = """
4 119 11 128; 6 300 29 274; 3 228 11 209; 62 13536 248 12619; 33 5036 47 5761; 180 1361 372 1079;
8 2537 10 619; 505 87886 499 87892; 29 7470 45 7232; 17 1699 65 1600; 186 50448 141 27197;
5 2493 3 2338; 27 16886 29 17825
"""
"""Ill and healthy, vaccinated and not, in thirteen trials (Colditz et al. 1994)."""


def trials():
    """Logarithms of their relative risks."""
    for line in TRIALS_OF_BCG.split(";"):
        ill, healthy, others_ill, others_healthy = map(int, line.split())
        treated, others = ill + healthy, others_ill + others_healthy
        yield Estimate(
            log_ratio=math.log(ill / treated * others / others_ill),
            variance=1 / ill - 1 / treated + 1 / others_ill - 1 / others,
        )


def test_the_estimates_are_those_published_for_a_well_known_analysis():
    """Of `dat.bcg`, by R's metafor: method="PM" has a variance of 0.3181; the default, 0.3132, has with
    test="knha" -0.7145, 0.1808, and an interval from -1.1084 to -0.3206.
    """
    known = [*trials()]
    assert variance_between(known) == pytest.approx(0.3181, abs=5e-5)
    mean, error = mean_and_error(known, 0.3132)
    assert (mean, error) == pytest.approx((-0.7145, 0.1808), abs=5e-5)
    reach = stats.t.ppf(0.975, len(known) - 1) * error
    assert (mean - reach, mean + reach) == pytest.approx((-1.1084, -0.3206), abs=1e-4)


def test_the_interval_holds_the_mean_of_all_machines_as_often_as_it_says():
    own = Generator(PCG64(0))
    covered = 0
    for _ in range(400):
        kinds = own.normal(0.3, 0.2, 5)
        estimates = [Estimate(log_ratio=kind + own.normal(0, 0.02), variance=0.02**2) for kind in kinds]
        found = over_machines(estimates)
        covered += math.log(found.low) <= 0.3 <= math.log(found.high)
    assert 0.92 <= covered / 400 <= 0.98


def merged(*runs):
    stored = [StoredRun(folder=str(n), name=str(n), results=run, checksum="") for n, run in enumerate(runs)]
    return merge(stored, ENVIRONMENT, replacing=False).results


def over(*runs):
    summaries = group_summaries(groups(merged(*runs)))
    return {each.adapter: each.times for each in times_over_machines(summaries)}


def test_a_planted_effect_of_a_machine_is_recovered():
    """torch takes twice the time of numpy, times a factor that is each machine's own, 1.3 as a deviation."""
    own = Generator(PCG64(1))
    factors = [math.exp(own.normal(0, math.log(1.3))) for _ in range(12)]
    runs = [
        machine_results(f"CPU {n}", planted={"torch": factor, "jax": 4.0}) for n, factor in enumerate(factors)
    ]
    found = over(*runs)
    logs = [math.log(2 * factor) for factor in factors]
    assert found["torch"].machines == 12
    assert math.log(found["torch"].ratio) == pytest.approx(sum(logs) / 12, abs=0.02)
    assert found["torch"].low < 2 < found["torch"].high
    assert math.log(found["torch"].spread) == pytest.approx(stats.tstd(logs), rel=0.1)
    assert found["jax"].spread < 1.01
    assert found["jax"].low < 2 < found["jax"].high


def test_nothing_is_said_below_three_machines_or_three_processes_each():
    alike = [machine_results(cpu) for cpu in "ABC"]
    assert over(*alike).keys() == {"numpy", "torch"}
    assert over(*alike[:2]) == {}
    assert over(*alike[:2], machine_results("C", seeds=[0], processes=2)) == {}


def test_results_and_updates_are_pooled_by_seed_and_no_seconds_are():
    """Machines that train from the same seeds are no further samples; slow ones change nothing."""
    one, slow = (
        machine_results("A"),
        machine_results("B", planted=dict.fromkeys(("numpy", "torch", "jax"), 9.0)),
    )
    epochs = [replace(run, epochs=[replace(e, train_seconds=99.0) for e in run.epochs]) for run in slow.runs]
    pooled = results_over_machines(group_summaries(groups(merged(one, replace(slow, runs=epochs)))))
    alone = results_over_machines(group_summaries(groups(merged(one))))
    assert [(each.result, each.updates) for each in pooled] == [(each.result, each.updates) for each in alone]
    assert {each.result.count for each in pooled} == {3}
    assert {each.updates for each in pooled} == {20}


def test_what_else_was_done_has_pages_with_their_machines_names(tmp_path):
    first, second = (machine_results(cpu) for cpu in ("Xeon", "EPYC"))
    (one,), (other,) = first.machines, second.machines
    later = [replace(run, seed=run.seed + 3) for run in second.runs]
    rounds = ThreadRounds(
        task=SINE.name, adapter="numpy", threads=2, single=[2.0], several=[1.0], machine=one
    )
    results = replace(
        first,
        runs=[*first.runs, *later],
        machines={**first.machines, **second.machines},
        environments={one: [first.environment], other: [second.environment]},
        cluster=ClusterRecord(workers=4, shared=True),
        threads=[rounds],
        profiles=[Profile(task=SINE.name, adapter="numpy", threads=1, whole=[1e-3] * 3, machine=other)],
        tutorials=Tutorials(recipes=[], runs=[]),
    )
    front, *others = render_pages(results, tmp_path)
    titles = [page.title for page in others]
    idle = replace(results, runs=first.runs)
    assert [page.title for page in render_pages(idle, tmp_path)] == [front.title, *titles[:1], *titles[2:]]
    assert any(title.startswith("What more threads are worth on Xeon") for title in titles)
    assert any(title.startswith("Where the time goes on EPYC") for title in titles)
    assert "The tutorials, published and reproduced" in titles
    assert all(f"]({page.name})" in front.text for page in others)
    assert "4 of them, shared a machine and took each other's time" in front.text
