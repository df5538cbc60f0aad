"""Every run names its kind of machine, and speeds of unlike machines are never pooled."""

import json
import re
from dataclasses import asdict, replace

import pytest

from compare.analysis.machines import groups
from compare.machine.environment import environment
from compare.records.machine import machine_of
from compare.runner.block import run_block
from compare.runner.origin import this_machine
from compare.storage.results import load, open_run, save
from tests.blocks import brief_block
from tests.commands import ROOT
from tests.example_results import ENVIRONMENT, example_results
from tests.merging import machine_results

FIELDS = {
    "cpu": "another",
    "flags": ("avx",),
    "physical_cores": 3,
    "logical_cores": 3,
    "usable_cores": 1.0,
    "memory_gibibytes": 1,
    "blas": "mkl",
    "device": "NVIDIA H100",
}


@pytest.fixture(scope="module")
def machine():
    return this_machine(environment("", 1, preset=""), "cpu")


def test_a_run_carries_its_machines_fingerprint(machine):
    found = run_block(brief_block("sine-online", "numpy", epochs=1, rounds=1))
    (run,) = found.runs
    assert run.machine == found.machine.fingerprint == machine.fingerprint
    assert (run.lockstep, run.threads) == (found.environment.lockstep, 1)
    assert run.version == run.worker.versions["numpy"]


def test_what_no_machine_could_run_is_no_other_machine():
    results = machine_results("Xeon")
    (name,) = results.machines
    undone = [
        replace(run, seed=3, machine="here", lockstep="", version="", threads=0, status="failed")
        for run in results.runs
        if run.seed == 0
    ]
    here = next(iter(results.machines.values()))
    spread = replace(
        results,
        runs=[*undone, *results.runs],
        machines={"here": here, name: here},
        environments={name: [results.environment]},
    )
    (found,) = groups(spread)
    assert len(found.results.runs) == len(spread.runs)
    assert {(run.machine, run.threads) for run in found.results.runs} == {(name, 1)}


def test_a_fingerprint_tells_kinds_of_machines_apart_and_nothing_else(machine):
    assert re.fullmatch(r"[0-9a-f]{12}", machine.fingerprint)
    others = {replace(machine, **{name: value}).fingerprint for name, value in FIELDS.items()}
    assert len(others | {machine.fingerprint}) == len(FIELDS) + 1
    assert asdict(machine).keys() == FIELDS.keys()
    later = replace(ENVIRONMENT, date="2027", command="", megahertz=1.0, load_before=3.0, system="another")
    assert machine_of(later, "", "cpu") == machine_of(ENVIRONMENT, "", "cpu")


def test_gpus_count_where_they_are_asked_for():
    """Those of a CPU run are no part of its machine: nothing ran on them."""
    equipped = replace(ENVIRONMENT, gpus=["NVIDIA H100", "NVIDIA H100"])
    assert machine_of(equipped, "", "cpu") == machine_of(ENVIRONMENT, "", "cpu")
    assert machine_of(equipped, "", "cuda").device == "NVIDIA H100"
    assert machine_of(ENVIRONMENT, "", "cuda").device == "cuda"


def test_machines_of_a_kind_may_differ_by_what_their_system_keeps_of_the_memory():
    less = replace(ENVIRONMENT, memory_bytes=ENVIRONMENT.memory_bytes - 2**28)
    assert machine_of(less, "", "cpu") == machine_of(ENVIRONMENT, "", "cpu")


def test_a_run_from_before_fingerprints_gets_that_of_its_environment():
    """The reference report's numpy says which kernel it had; what a later run records is the same."""
    stored = open_run(ROOT / "reports" / "reference")
    (name, machine), *others = stored.machines.items()
    assert not others
    assert {run.machine for run in stored.runs} == {each.machine for each in stored.threads} == {name}
    assert machine.blas == "openblas SkylakeX"
    assert {run.threads for run in stored.runs} == {2}
    assert {run.version for run in stored.runs} == set(stored.versions.values())


def test_runs_without_a_machine_are_read_and_those_of_an_unknown_one_are_not(tmp_path):
    save(example_results(), tmp_path)
    path = tmp_path / "results.json"
    plain = json.loads(path.read_bytes())
    for run in plain["runs"]:
        del run["machine"]
    del plain["machines"]
    path.write_text(json.dumps(plain))
    assert len({run.machine for run in load(tmp_path).runs}) == 1


def test_runs_of_unlike_machines_versions_or_threads_are_apart():
    results = example_results()
    other = replace(results.machines[results.runs[0].machine], cpu="another")
    changes = [
        {"machine": other.fingerprint},
        {"threads": 7},
        {"lockstep": "another"},
        {"version": "another"},
    ]
    runs = [
        replace(run, part=place, **change)
        for place, change in enumerate([{}, *changes])
        for run in results.runs
    ]
    mixed = replace(results, runs=runs, machines={**results.machines, other.fingerprint: other})
    found = groups(mixed)
    assert len(found) == len(changes) + 1
    assert [len(group.results.runs) for group in found] == [len(results.runs)] * len(found)
    assert found[1].machine == other
