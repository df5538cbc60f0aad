"""What `run` and `list` leave on the terminal and on disk."""

import os
import re
import subprocess
import sys
from unittest.mock import patch

import pytest

from adapters import default_names, registered
from compare.analysis.task_summary import task_summaries
from compare.storage.results import load, save
from compare.storage.run_folder import check_folder
from tasks import TASKS
from tests.commands import ROOT, command, faulty, finish
from tests.example_results import example_results
from tests.reports import stored_text, write_report


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One task on all adapters, for one epoch, in a process of its own."""
    out = tmp_path_factory.mktemp("run")
    options = ("--epochs", 1, "--seeds", 1, "--rounds", 2, "--threads", 1, "--out", out)
    return finish("run", "sine-online", *options, environment={"COLUMNS": "80"}), out


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    """Two tasks on one adapter, for one epoch, digits taking MNIST's place; lockstep over few updates."""
    out = tmp_path_factory.mktemp("digits")
    options = ("--adapters", "numpy", "--epochs", 1, "--rounds", 2, "--threads", 1, "--data", "digits")
    with patch("compare.parity.task_parity.UPDATES", 5):
        return command("run", "sine-lstm", "mnist-rows", *options, "--out", out), out


@pytest.fixture(scope="module")
def self_test(tmp_path_factory):
    """One adapter against itself, warm-ups set, the report as HTML too."""
    out = tmp_path_factory.mktemp("self-test")
    options = ("--epochs", 1, "--seeds", 1, "--rounds", 6, "--warm-ups", 1, "--html", "--out", out)
    return command("run", "sine-online", "--adapters", "numpy", "--self-test", *options), out


def test_a_run_ends_with_a_table_and_the_path_of_its_report(finished):
    ended, out = finished
    assert ended.code == 0, ended
    for name in default_names():
        assert name in ended.out
    assert f"Report: {out / 'README.md'}" in ended.out
    assert (out / "README.md").exists()


def test_each_finished_stage_is_a_line_where_there_is_no_terminal(finished):
    ended, _ = finished
    assert re.search(r"^lockstep: done in \d+ s$", ended.out, re.MULTILINE)
    assert re.search(r"^1/1 sine-online, seed 0: done in \d+ s$", ended.out, re.MULTILINE)
    assert ended.out.index("lockstep on sine-online") < ended.out.index("sine-online, seed 0, sequences/s: ")


def test_a_quiet_run_says_what_went_wrong_and_where_the_report_is(tmp_path):
    options = ("--epochs", 1, "--rounds", 2, "--threads", 1, "--quiet", "--out", tmp_path)
    name, reason = faulty("Raises"), "failed: train: RuntimeError: the gradient went for a walk"
    ended = command("run", "sine-online", "--adapters", f"numpy,{name}", *options)
    assert ended.code == 1
    assert ended.said == (
        f"sine-online, {name}, seed 0: {reason} lockstep on sine-online, {name}: {reason} "
        f"Report: {tmp_path / 'README.md'}"
    )


def test_no_framework_makes_noise(finished):
    ended, _ = finished
    assert ended.err == ""
    for noise in ("oneDNN", "cuda", "WARNING", "TF-TRT", "absl"):
        assert noise not in ended.out


def test_nothing_is_wider_than_the_terminal(finished):
    ended, _ = finished
    assert all(len(line) <= 80 for line in ended.out.splitlines() if not line.startswith("Report:"))


def test_the_adapters_that_ship_are_in_lockstep(finished):
    _, out = finished
    verdicts = {proof.adapter: proof.verdict for proof in load(out).proofs}
    assert verdicts == dict.fromkeys(default_names(), "in lockstep")


def test_the_results_hold_every_cell(finished, stand_in):
    for (ended, out), tasks, adapters in (
        (finished, ["sine-online"], [*default_names()]),
        (stand_in, ["sine-lstm", "mnist-rows"], ["numpy"]),
    ):
        assert ended.code == 0, ended
        results = load(out)
        assert [(run.task, run.adapter) for run in results.runs] == [
            (task, adapter) for task in tasks for adapter in adapters
        ]
        assert all(run.status == "ok" and run.seed == 0 for run in results.runs)
        assert [task.name for task in results.tasks] == tasks


def test_the_stand_in_is_never_called_mnist(stand_in):
    ended, out = stand_in
    assert "mnist-rows has digits stand-in (not MNIST): --data says which are taken." in ended.said
    (task,) = (task for task in load(out).tasks if task.name == "mnist-rows")
    assert task.dataset == "digits stand-in (not MNIST)"
    assert "digits stand-in (not MNIST)" in (out / "README.md").read_text()


def test_a_self_test_compares_an_adapter_with_itself(self_test):
    ended, out = self_test
    results = load(out)
    assert results.twins == {"numpy (again)": "numpy"}
    assert [run.adapter for run in results.runs] == ["numpy", "numpy (again)"]
    first, again = (run.epochs[0].losses for run in results.runs)
    assert first == again
    ((aa_test,),) = (task.aa_tests for task in task_summaries(results))
    assert ended.code == (0 if aa_test.passed else 1)
    detectable = re.search(r"minimum detectable difference (\S+) %", ended.said)
    assert float(detectable[1].replace(",", "")) == pytest.approx(
        100 * aa_test.times.minimum_detectable_difference, rel=0.1
    )
    page = stored_text(out)
    assert "# Self-test" in page
    assert "minimum detectable difference" in page


def test_warm_ups_that_were_set_stand_apart(self_test):
    _, out = self_test
    for run in load(out).runs:
        assert [turn.warm_up for turn in run.rounds] == [True] + [False] * 6


def test_html_is_written_beside_the_report(self_test):
    _, out = self_test
    assert (out / "report.html").read_text().startswith("<!doctype html>")


def test_everything_that_a_run_measures_is_stored(finished):
    _, out = finished
    results = load(out)
    for run in results.runs:
        assert run.warm_train_seconds > 0
        assert len(run.inference.single_seconds) >= 40
        assert len(run.inference.batch_seconds) >= 6
        assert run.matrix_product.operations_per_second > 0
        assert run.worker.pools
        assert run.import_rss_bytes < run.peak_rss_bytes
    machine = results.environment
    assert machine.busy_cores_before >= 0
    assert machine.busy_cores_of_others >= 0
    assert len(machine.affinity) >= 1


def test_lockstep_is_proven_and_told_before_anything_is_timed(tmp_path):
    with patch("compare.cli.stages.run_block", side_effect=KeyboardInterrupt):
        ended = command("run", "sine-online", "--adapters", "numpy", "--out", tmp_path)
    assert ended.code == 130
    assert "lockstep on sine-online: numpy in lockstep" in ended.said
    results = load(tmp_path)
    assert results.runs == []
    assert [proof.verdict for proof in results.proofs] == ["in lockstep"]


@pytest.fixture
def reported(tmp_path):
    """A folder with the report of a run, and what its user keeps beside it."""
    save(example_results(), tmp_path)
    write_report(example_results(), tmp_path)
    (tmp_path / "figures" / "old.png").touch()
    (tmp_path / "figures" / "sketch.odg").touch()
    (tmp_path / "thesis.txt").touch()
    return tmp_path


def test_a_report_is_overwritten_when_asked_and_nothing_else_ever(reported):
    before = (reported / "README.md").read_bytes()
    line = ("run", "sine-online", "--adapters", "numpy", "--epochs", 1, "--rounds", 2, "--out", reported)
    refused = command(*line)
    assert refused.code == 2
    assert "--overwrite" in refused.err
    assert (reported / "README.md").read_bytes() == before
    assert command(*line, "--overwrite").code == 0
    assert (reported / "README.md").read_bytes() != before
    assert not (reported / "figures" / "old.png").exists()
    assert (reported / "figures" / "sketch.odg").exists()
    assert (reported / "thesis.txt").exists()


@pytest.mark.parametrize(
    "theirs", [{"README.md": "# My project"}, {"results.json": "{}"}, {"logs/today.log": "do not delete"}]
)
def test_what_is_no_report_is_never_overwritten(theirs, tmp_path):
    for name, text in theirs.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    refused = command("run", "sine-online", "--adapters", "numpy", "--out", tmp_path, "--overwrite")
    assert refused.code == 2
    assert "no report to overwrite" in refused.err
    assert {name: (tmp_path / name).read_text() for name in theirs} == theirs


def test_a_folder_that_holds_nothing_is_no_report_to_be_kept(tmp_path):
    """As a command that was interrupted leaves it."""
    (tmp_path / "logs").mkdir()
    check_folder(tmp_path, overwrite=False)


def test_list_shows_tasks_and_versions_and_imports_no_framework():
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "compare", "list"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "80"},
    )
    for name in [*TASKS, *registered(), "2.13", "2.21"]:
        assert name in ended.stdout
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in ended.stderr.splitlines()}
    assert "typer" in imported
    assert not imported & {"torch", "tensorflow", "keras", "jax", "matplotlib", "pandas", "sklearn", "scipy"}
