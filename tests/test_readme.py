"""The README shows what the reference report says."""

from pathlib import Path

import pytest

from compare.storage.results import load
from tests.reports import stored_text, tables_of

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "reports" / "reference"
AVX2 = ROOT / "reports" / "reference-avx2"


def test_the_readmes_table_is_the_reference_reports():
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.count("|") == 10]
    assert len(rows) == 2 + 24
    assert "\n".join(rows) in stored_text(REFERENCE)


def test_the_readmes_figures_of_tensorflow_on_another_machine_are_that_reports():
    said = " ".join((ROOT / "README.md").read_text().split())
    table, *_ = tables_of((AVX2 / "pages" / "summary.md").read_text())
    _, window, lstm, rows, adding, _ = [cells[4] for cells in table if cells[1] == "tensorflow"]
    ratio, interval = rows.split(" ", 1)
    assert f"takes {ratio} times as long as the fastest on `mnist-rows` {interval}" in said
    others = (each.split(" ")[0] for each in (adding, window, lstm))
    assert "{} on `adding`, {} on `sine-window`, {} on `sine-lstm`.".format(*others) in said


@pytest.mark.parametrize("folder", [REFERENCE, AVX2], ids=["reference", "AVX2"])
def test_the_reference_is_a_standard_run_on_real_mnist_that_reached_its_targets(folder):
    results = load(folder)
    assert results.environment.preset == "standard"
    assert all(run.status == "ok" for run in results.runs)
    assert all(proof.verdict == "in lockstep" for proof in results.proofs)
    assert {task.name: task.dataset for task in results.tasks}["mnist-rows"] == "MNIST"
    for run in results.runs:
        if run.task == "mnist-rows":
            assert run.epochs[0].metrics["accuracy"] >= 94
            assert run.epochs[2].metrics["accuracy"] >= 97
