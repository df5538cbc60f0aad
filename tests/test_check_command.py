"""What `check` says of adapters that pass, of those that do not, and how it ends."""

import re
from threading import Lock

import pytest

from adapters.conformance import CHECKS
from compare.machine.devices import usable_cores
from compare.parity.check import at_once
from compare.runner.worker_process import WorkerProcess
from tests.commands import command, faulty

QUICK = [check.name for check in CHECKS if check.quick]
FAULTS = {
    "Raises": "shapes_and_dtypes failed: expected no error, got RuntimeError",
    "Aborts": "shapes_and_dtypes failed: conformance: the worker was killed by SIGABRT",
    "WrongShape": "shapes_and_dtypes failed: losses: expected shape",
    "PredictsInfinity": "shapes_and_dtypes failed: predict",
}
DIFFERENT = {"FasterByAMillionth": "DIFFERENT", "RoundsFloat32": "drifts"}


@pytest.fixture(scope="module")
def passed():
    return command("check", "numpy", "--tasks", "sine-window,sine-lstm")


@pytest.fixture(scope="module")
def found():
    """One command for all that are wrong in one way each, and one that is right."""
    names = [*FAULTS, *DIFFERENT, "Unfinished"]
    options = ("--quick", "--tasks", "sine-window", "--timeout", 600)
    return command("check", *map(faulty, names), "numpy", *options, columns=200)


def test_what_passes_has_exit_code_zero(passed):
    assert passed.code == 0, passed
    assert f"{len(CHECKS)} of {len(CHECKS)}" in passed.out
    assert re.findall(r"^numpy on (\S+): in lockstep", passed.out, re.MULTILINE) == [
        "sine-window",
        "sine-lstm",
    ]
    assert passed.out.count("in lockstep") == 4, "said as it is known, and in the table"
    assert passed.err == ""


def test_nothing_is_wider_than_the_terminal(passed):
    assert all(len(line) <= 80 for line in passed.out.splitlines())


def test_what_does_not_pass_has_exit_code_one(found):
    assert found.code == 1


@pytest.mark.parametrize(("mistake", "verdict"), DIFFERENT.items())
def test_what_leaves_a_band_is_called_so(mistake, verdict, found):
    assert re.search(rf"{faulty(mistake)}( +[-+.\de]+){{4}} +{verdict}", found.out), found.out


@pytest.mark.parametrize(("fault", "named"), FAULTS.items(), ids=FAULTS)
def test_a_fault_is_named_and_the_next_check_follows(fault, named, found):
    assert f"{faulty(fault)}: {named}" in found.said
    assert re.search(rf"{faulty(fault)} +\d+ of {len(QUICK)} +failed: shapes_and_dtypes", found.out), (
        found.out
    )


def test_a_fault_costs_no_other_adapter_a_check(found):
    assert f"numpy {len(QUICK)} of {len(QUICK)}" in found.said


def test_a_wrong_shape_in_lockstep_is_named(found):
    says = f"{faulty('WrongShape')} on sine-window failed: train returned float64 (1, 1)"
    assert says in found.said


def test_what_cannot_be_started_is_said_once(found):
    assert f"{faulty('Unfinished')} lacks _load" in found.said
    assert re.search(rf"{faulty('Unfinished')} +0 of 1", found.out), found.out


def test_checks_are_told_in_order_where_two_workers_share_them():
    ended = command("check", faulty("Aborts"), "--quick")
    failed = re.findall(r"Aborts: (\w+) failed", ended.said)
    assert len(failed) >= 2
    assert failed == [name for name in QUICK if name in failed]


@pytest.fixture
def at_work(monkeypatch):
    """For each call of a worker, how many workers were then at work."""
    original, lock, busy, seen = WorkerProcess.call, Lock(), set(), []

    def call(process, method, *arguments):
        with lock:
            busy.add(process)
            seen.append(len(busy))
        try:
            return original(process, method, *arguments)
        finally:
            with lock:
                busy.discard(process)

    monkeypatch.setattr(WorkerProcess, "call", call)
    return seen


@pytest.mark.parametrize("threads", sorted({1, usable_cores()}))
def test_no_more_workers_are_at_work_than_the_cores_have_threads_for(threads, at_work):
    adapters = ("numpy", faulty("TellsNoState"))
    ended = command("check", *adapters, "--quick", "--tasks", "sine-online", "--threads", threads)
    assert ended.out.count("in lockstep") == 4, ended
    assert 1 <= max(at_work) <= at_once(threads)
