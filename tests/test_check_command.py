"""`python -m compare check`, run as a user runs it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.conformance import CHECKS
from compare.storage.results import load

ROOT = Path(__file__).parents[1]
QUICK = [check.name for check in CHECKS if check.quick]


def compare(*arguments):
    return subprocess.run(  # noqa: PLW1510 - the exit code is what is tested
        [sys.executable, "-m", "compare", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


def check(*adapters, options=("--quick", "--tasks", "sine-window", "--timeout", 60)):
    return compare("check", *adapters, *options)


@pytest.fixture(scope="module")
def passed():
    return check("numpy", options=("--tasks", "sine-window,sine-lstm"))


def test_what_passes_has_exit_code_zero(passed):
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert f"{len(CHECKS)} of {len(CHECKS)}" in passed.stdout
    assert passed.stdout.count("in lockstep") == 2
    assert passed.stderr == ""


def test_nothing_is_wider_than_the_terminal(passed):
    assert all(len(line) <= 80 for line in passed.stdout.splitlines())


@pytest.mark.parametrize("mutant", ["FasterByAMillionth", "RoundsFloat32"])
def test_what_leaves_a_band_has_exit_code_one(mutant):
    command = check(f"tests.drifting:{mutant}")
    assert command.returncode == 1
    assert {"FasterByAMillionth": "DIFFERENT", "RoundsFloat32": "drifts"}[mutant] in command.stdout


@pytest.mark.parametrize(
    ("fault", "named"),
    {
        "Raises": "shapes_and_dtypes failed: expected no error, got RuntimeError",
        "Aborts": "shapes_and_dtypes failed: conformance: the worker was killed by SIGABRT",
        "WrongShape": "shapes_and_dtypes failed: losses: expected shape",
        "PredictsNothing": "shapes_and_dtypes failed: predict",
    }.items(),
)
def test_a_fault_is_named_and_the_next_check_follows(fault, named):
    command = check(f"tests.faulty:{fault}", "numpy")
    words = " ".join(command.stdout.split())
    assert command.returncode == 1
    assert f"tests.faulty:{fault}: {named}" in words
    assert f"numpy {len(QUICK)} of {len(QUICK)}" in words
    assert f" of {len(QUICK)} failed: shapes_and_dtypes" in words


def test_a_wrong_dtype_in_float32_is_named():
    command = check("tests.faulty:WrongDtype")
    assert command.returncode == 1
    words = " ".join(command.stdout.split())
    assert "tests.faulty:WrongDtype on sine-window failed: train returned float64 (200,)" in words


def test_what_cannot_be_started_is_said_once():
    command = check("tests.faulty:Unfinished")
    assert command.returncode == 1
    assert "tests.faulty:Unfinished lacks load" in " ".join(command.stdout.split())
    assert "0 of 1" in command.stdout


def test_checks_are_told_in_order_where_two_workers_share_them():
    command = check("tests.faulty:Aborts", options=("--quick",))
    failed = re.findall(r"Aborts: (\w+) failed", " ".join(command.stdout.split()))
    assert len(failed) >= 2
    assert failed == [name for name in QUICK if name in failed]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["torhc"], "unknown adapter 'torhc': did you mean torch?"),
        (["tests.nowhere:Adapter"], "unknown adapter 'tests.nowhere:Adapter': there is no module"),
        (["tests.faulty:Riases"], "tests.faulty has no class 'Riases'"),
        (["tests.faulty"], "'tests.faulty' is a module: name its class too, as in tests.faulty:"),
        (
            ["adapters.numpy_backend.adapter"],
            "name its class too, as in adapters.numpy_backend.adapter:NumpyAdapter",
        ),
        (["numpy", "--device", "cuda"], "--device is 'cuda': "),
        (["numpy", "--device", "gpu"], "unknown device 'gpu': choose from cpu, cuda"),
        (["numpy", "--tasks", "sine-lsmt"], "unknown task 'sine-lsmt': did you mean sine-lstm"),
        (["numpy", "--timeout", "0"], "--timeout is 0: it must lie above 0"),
        (["numpy", "--timeout", "nan"], "--timeout is nan: it must lie above 0"),
        (["numpy", "--timeout", "inf"], "--timeout is inf: it must lie above 0 and be at most 1,000,000"),
        (["numpy", "--tasks", ""], "--tasks names none: choose from"),
        (["numpy", "--threads", "0"], "--threads is 0: it must lie between 1 and"),
        (["numpy", "--data", "mnits"], "unknown data 'mnits'"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(arguments, message):
    command = compare("check", *arguments)
    assert command.returncode == 2
    assert command.stderr.startswith("error: ")
    assert message in command.stderr
    assert command.stderr.count("\n") == 1


def test_a_run_with_a_different_adapter_has_exit_code_one(tmp_path):
    name = "tests.drifting:FasterByAMillionth"
    command = compare(
        "run", "sine-window", "--adapters", name, "--epochs", 1, "--seeds", 1, "--out", tmp_path
    )
    assert command.returncode == 1
    verdicts = {proof.adapter: proof.verdict for proof in load(tmp_path).proofs}
    assert verdicts == {"numpy": "in lockstep", name: "DIFFERENT"}
    assert f"**DIFFERENT**: {name}" in (tmp_path / "README.md").read_text()
