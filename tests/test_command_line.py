"""The command line, run as a user runs it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from adapters import default_names, registered
from compare.analysis.task_summary import task_summaries
from compare.storage.results import load
from tasks import TASKS

ROOT = Path(__file__).parents[1]


def compare(*arguments, **environment):
    return subprocess.run(  # noqa: PLW1510 - the exit code is what is tested
        [sys.executable, "-m", "compare", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", **environment},
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One task on all adapters, for one epoch."""
    out = tmp_path_factory.mktemp("run")
    return compare("run", "sine-online", "--epochs", 1, "--seeds", 1, "--rounds", 2, "--out", out), out


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    """Two tasks on one adapter, for one epoch, digits taking MNIST's place."""
    out = tmp_path_factory.mktemp("digits")
    arguments = ("--adapters", "numpy", "--epochs", 1, "--rounds", 2, "--data", "digits", "--out", out)
    return compare("run", "sine-lstm", "mnist-rows", *arguments), out


def test_a_run_ends_with_a_table_and_the_path_of_its_report(finished):
    command, out = finished
    assert command.returncode == 0, command.stdout + command.stderr
    for name in default_names():
        assert name in command.stdout
    assert f"Report: {out / 'README.md'}" in command.stdout
    assert (out / "README.md").exists()


def test_no_framework_makes_noise(finished):
    command, _ = finished
    assert command.stderr == ""
    for noise in ("oneDNN", "cuda", "WARNING", "TF-TRT", "absl"):
        assert noise not in command.stdout


def test_nothing_is_wider_than_the_terminal(finished):
    command, _ = finished
    assert all(len(line) <= 80 for line in command.stdout.splitlines() if not line.startswith("Report:"))


def test_the_results_hold_every_cell(finished, stand_in):
    for (command, out), tasks, adapters in (
        (finished, ["sine-online"], [*default_names()]),
        (stand_in, ["sine-lstm", "mnist-rows"], ["numpy"]),
    ):
        assert command.returncode == 0, command.stdout + command.stderr
        results = load(out)
        assert [(run.task, run.adapter) for run in results.runs] == [
            (task, adapter) for task in tasks for adapter in adapters
        ]
        assert all(run.status == "ok" and run.seed == 0 for run in results.runs)
        assert [task.name for task in results.tasks] == tasks


def test_the_stand_in_is_never_called_mnist(stand_in):
    _, out = stand_in
    (task,) = (task for task in load(out).tasks if task.name == "mnist-rows")
    assert task.dataset == "digits stand-in (not MNIST)"
    assert "digits stand-in (not MNIST)" in (out / "README.md").read_text()


@pytest.fixture(scope="module")
def self_test(tmp_path_factory):
    """One adapter against itself, warm-ups set, the report as HTML too."""
    out = tmp_path_factory.mktemp("self-test")
    options = ("--epochs", 1, "--seeds", 1, "--rounds", 6, "--warm-ups", 1, "--html", "--out", out)
    return compare("run", "sine-online", "--adapters", "numpy", "--self-test", *options), out


def test_a_self_test_runs_an_adapter_twice_and_judges_it(self_test):
    command, out = self_test
    results = load(out)
    assert results.twins == {"numpy (again)": "numpy"}
    assert [run.adapter for run in results.runs] == ["numpy", "numpy (again)"]
    first, again = (run.epochs[0].losses for run in results.runs)
    assert first == again
    ((twins,),) = (task.aa_tests for task in task_summaries(results))
    assert command.returncode == (0 if twins.passed else 1)
    detectable = re.search(r"minimum detectable difference (\S+) %", " ".join(command.stdout.split()))
    assert float(detectable[1]) == pytest.approx(100 * twins.times.minimum_detectable_difference, rel=0.1)
    page = (out / "README.md").read_text()
    assert "## Self-test" in page
    assert "minimum detectable difference" in page


def test_warm_ups_that_were_set_stand_apart(self_test):
    _, out = self_test
    for run in load(out).runs:
        assert [turn.warm_up for turn in run.rounds] == [True] + [False] * 6


def test_html_is_written_beside_the_report(self_test):
    _, out = self_test
    assert (out / "report.html").read_text().startswith("<!doctype html>")


def test_everything_that_a_run_measures_is_stored(self_test):
    _, out = self_test
    results = load(out)
    for run in results.runs:
        assert run.warm_train_seconds > 0
        assert len(run.inference.single_seconds) >= 100
        assert len(run.inference.batch_seconds) >= 15
        assert run.matrix_product.operations_per_second > 1e6
        assert run.worker.pools
        assert run.import_rss_bytes < run.peak_rss_bytes
    machine = results.environment
    assert machine.busy_cores_before >= 0
    assert machine.busy_cores_of_others >= 0
    assert len(machine.affinity) >= 1


def test_a_report_is_not_overwritten_unasked(finished):
    _, out = finished
    before = (out / "README.md").read_bytes()
    command = compare("run", "sine-online", "--out", out)
    assert command.returncode == 2
    assert "--overwrite" in command.stderr
    assert (out / "README.md").read_bytes() == before


def test_overwriting_removes_what_the_earlier_run_left_and_nothing_else(finished, tmp_path):
    _, earlier = finished
    shutil.copytree(earlier, tmp_path, dirs_exist_ok=True)
    (tmp_path / "figures" / "old.png").touch()
    (tmp_path / "figures" / "sketch.odg").touch()
    (tmp_path / "thesis.txt").touch()
    arguments = ("run", "sine-online", "--adapters", "numpy", "--epochs", 1, "--out", tmp_path)
    assert compare(*arguments).returncode == 2
    assert compare(*arguments, "--overwrite").returncode == 0
    assert not (tmp_path / "figures" / "old.png").exists()
    assert (tmp_path / "figures" / "sketch.odg").exists()
    assert (tmp_path / "thesis.txt").exists()


@pytest.mark.parametrize(
    "theirs", [{"README.md": "# My project"}, {"results.json": "{}"}, {"logs/today.log": "do not delete"}]
)
def test_what_is_no_report_is_never_overwritten(theirs: dict[str, str], tmp_path: Path):
    for name, text in theirs.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    command = compare("run", "sine-online", "--adapters", "numpy", "--out", tmp_path, "--overwrite")
    assert command.returncode == 2
    assert "no report to overwrite" in command.stderr
    assert {name: (tmp_path / name).read_text() for name in theirs} == theirs


def test_list_shows_tasks_and_versions_and_imports_no_framework():
    command = compare("list", PYTHONPROFILEIMPORTTIME="1")
    assert command.returncode == 0
    for name in [*TASKS, *registered(), "2.13", "2.21"]:
        assert name in command.stdout
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in command.stderr.splitlines()}
    assert "typer" in imported
    assert not imported & {"torch", "tensorflow", "keras", "jax", "matplotlib", "pandas", "sklearn", "scipy"}


def test_a_failed_cell_makes_the_exit_code_one(tmp_path):
    command = compare(
        "run", "sine-window", "--adapters", "numpy,tests.faulty:Aborts", "--epochs", 1, "--out", tmp_path
    )
    assert command.returncode == 1
    statuses = {run.adapter: run.status for run in load(tmp_path).runs}
    assert statuses == {"numpy": "ok", "tests.faulty:Aborts": "failed"}
    assert "SIGABRT" in (tmp_path / "README.md").read_text()


MISTAKES = {
    "task": (["run", "mnist-row"], "unknown task 'mnist-row': did you mean mnist-rows?"),
    "adapter": (["all", "--adapters", "tensorfow"], "unknown adapter 'tensorfow': did you mean tensorflow"),
    "preset": (["all", "--preset", "quik"], "unknown preset 'quik': did you mean quick?"),
    "data": (["all", "--data", "mnits"], "unknown data 'mnits': did you mean mnist or digits?"),
    "no adapter": (["all", "--adapters", ","], "--adapters names none"),
    "adapter twice": (["all", "--adapters", "numpy,numpy"], "--adapters names one twice"),
    "zero epochs": (["all", "--epochs", "0"], "--epochs is 0: it must lie between 1 and"),
    "negative epochs": (["all", "--epochs", "-3"], "--epochs is -3"),
    "huge epochs": (["all", "--epochs", "1000000000"], "--epochs is 1000000000"),
    "zero seeds": (["all", "--seeds", "0"], "--seeds is 0"),
    "threads": (["all", "--threads", "4096"], "--threads is 4096"),
    "zero rounds": (["all", "--rounds", "0"], "--rounds is 0: it must lie between 2 and"),
    "one round": (["all", "--rounds", "1"], "--rounds is 1: one round cannot tell a difference from chance"),
    "few rounds": (["all", "--self-test", "--rounds", "5"], "--rounds is 5: a self-test needs 6 or more"),
    "warm-ups": (["all", "--warm-ups", "-1"], "--warm-ups is -1: it must lie between 0 and"),
    "baseline": (["all", "--baseline", "nunpy"], "unknown baseline 'nunpy': did you mean numpy?"),
    "zero threads": (["all", "--threads", "0"], "--threads is 0"),
    "folder": (["run", "sine-online", "--out", "/dev/null/report"], "cannot write to /dev/null/report"),
    "empty folder": (["run", "sine-online", "--out", ""], "--out is empty"),
    "file as folder": (["run", "sine-online", "--out", __file__], "is a file: choose another --out"),
    "archives": (["all", "--mnist-archives", "/nowhere"], "/nowhere"),
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_two(tmp_path, arguments, message):
    if "--out" not in arguments:
        arguments = [*arguments, "--out", tmp_path]
    command = compare(*arguments, XDG_CACHE_HOME=str(tmp_path))
    assert command.returncode == 2
    assert command.stderr.startswith("error: ")
    assert message in command.stderr
    assert command.stderr.count("\n") == 1
    assert "Traceback" not in command.stdout + command.stderr
