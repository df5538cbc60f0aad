"""The README shows what the reference report says."""

from pathlib import Path

from compare.storage.results import load
from tests.reports import stored_text

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "reports" / "reference"


def test_the_readmes_table_is_the_reference_reports():
    rows = [line for line in (ROOT / "README.md").read_text().splitlines() if line.count("|") == 10]
    assert len(rows) == 2 + 24
    assert "\n".join(rows) in stored_text(REFERENCE)


def test_the_reference_is_a_standard_run_on_real_mnist_that_reached_its_targets():
    results = load(REFERENCE)
    assert results.environment.preset == "standard"
    assert all(run.status == "ok" for run in results.runs)
    assert all(proof.verdict == "in lockstep" for proof in results.proofs)
    assert {task.name: task.dataset for task in results.tasks}["mnist-rows"] == "MNIST"
    for run in results.runs:
        if run.task == "mnist-rows":
            assert run.epochs[0].metrics["accuracy"] >= 94
            assert run.epochs[2].metrics["accuracy"] >= 97
