"""The recipe for continuous integration keeps a history, posts a table and fails on a regression."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from compare.storage.results import save
from tests.commands import ROOT
from tests.merging import machine_results

WORKFLOW = (ROOT / "compare" / "cluster" / "continuous-integration.yml").read_text(encoding="utf-8")


def step(name):
    """The shell commands of a step."""
    _, _, after = WORKFLOW.partition(f"- name: {name}\n")
    block = re.search(r"^( +)run: \|\n((?:\1  .*\n)+)", after, re.MULTILINE)
    return block[2]


@pytest.fixture
def machine(tmp_path):
    """Where the steps run: a history that stays, and a folder for this run."""
    temporary, summary = tmp_path / "temporary", tmp_path / "summary.md"
    temporary.mkdir()
    return os.environ | {
        "HISTORY": str(tmp_path / "history"),
        "RUNNER_TEMP": str(temporary),
        "GITHUB_STEP_SUMMARY": str(summary),
        "REQUEST": "",
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }


def build(machine, results):
    """One build after its measuring: whether it passed, and what was posted."""
    now = Path(machine["RUNNER_TEMP"]) / "now"
    now.mkdir(exist_ok=True)
    save(results, now)

    def run(name, **more):
        shell = ["bash", "-eo", "pipefail", "-c", step(name)]
        return subprocess.run(shell, env={**machine, **more}, capture_output=True, check=False).returncode

    passed = run("Compare") == 0
    assert run("Post the table") == run("Keep", PASSED=str(passed).lower()) == 0
    return passed, Path(machine["GITHUB_STEP_SUMMARY"]).read_text()


def test_a_history_is_kept_the_table_posted_and_a_regression_fails(machine):
    history = Path(machine["HISTORY"])
    passed, posted = build(machine, machine_results(seeds=range(6)))
    assert passed
    assert posted == "The first run: there is nothing to compare with.\n"
    (first,) = (path for path in history.iterdir() if not path.is_symlink())
    assert (history / "accepted").resolve() == first

    later = machine_results(seeds=range(6), planted={"torch": 1.1})
    failed = [replace(run, status="failed") if run.adapter == "jax" else run for run in later.runs]
    passed, posted = build(machine, replace(later, runs=failed))
    assert not passed
    assert re.search(r"\| jax +\| all .*\*\*fails now\*\*", posted)
    assert re.search(r"\| torch +\| sequences/s \|.*\*\*slower\*\*", posted)
    assert (history / "accepted").resolve() == first
    assert len([path for path in history.iterdir() if not path.is_symlink()]) == 2


@pytest.mark.parametrize(("code", "fails"), [(0, False), (1, False), (2, True), (130, True)])
def test_a_run_with_an_adapter_that_failed_is_compared_and_one_that_broke_is_not(code, fails, machine):
    folder = Path(machine["RUNNER_TEMP"])
    (folder / "python").write_text(f"#!/bin/sh\nexit {code}\n")
    (folder / "python").chmod(0o755)
    shell = ["bash", "-eo", "pipefail", "-c", step("Measure")]
    path = f"{folder}:{machine['PATH']}"
    assert bool(subprocess.run(shell, env={**machine, "PATH": path}, check=False).returncode) is fails
