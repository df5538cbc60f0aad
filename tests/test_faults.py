"""Whatever goes wrong in one adapter costs its rows alone, is said plainly, and leaves nothing behind."""

import re
from dataclasses import replace

import pytest

from compare.cli.run import exit_code
from compare.records.parity import ParityResult
from compare.records.run import Run
from compare.runner.block import run_block
from compare.storage.results import load
from tests.blocks import brief_block
from tests.commands import faulty, finish, learned, marked
from tests.example_results import example_results
from tests.reports import stored_text

TASK, EPOCHS, UPDATES = "sine-window", 2, 100
LIMIT_MEBIBYTES = 300
GONE = ("failed", "train: RuntimeError: the gradient went for a walk")
NOT_PLAIN = "train: NotPlain: expected plain data and NumPy arrays of numbers, came "

ROWS = {
    "Raises": GONE,
    "RaisesAsKerasDoes": ("failed", "train: ValueError: ValueError: 3 is not 4"),
    "PrintsGarbage": ("failed", "train: RuntimeError: after the garbage"),
    "ExitsWhileLoading": ("failed", "load: the worker exited with code 3; its last lines: so long"),
    "Exits": ("failed", "train: the worker exited with code 3; its last lines: so long"),
    "Aborts": ("failed", "train: the worker was killed by SIGABRT"),
    "Segfaults": ("failed", "train: the worker was killed by SIGSEGV"),
    "IsKilled": ("failed", "train: the worker was killed by SIGKILL (out of memory, or by hand?)"),
    "HogsMemory": ("failed", rf"train: used \d+ MiB: the limit is {LIMIT_MEBIBYTES} MiB"),
    "LeavesChildren": ("ok", None),
    "LeavesFiles": ("failed", "train: the worker exited with code 3"),
    "FloodsItsOutput": ("ok", None),
    "Meddles": ("ok", None),
    "Diverges": ("diverged", "the loss was nan at update 131"),
    "InfiniteParameter": ("diverged", "after update 100: input_kernel is not finite"),
    "MissingParameter": ("failed", "parameters: expected input_kernel, recurrent_kernel, readout_kernel"),
    "PredictsInfinity": ("diverged", "the predictions are not finite"),
    "NeverLearns": ("failed", "no parameter has changed after update 100"),
    "WrongShape": ("failed", "train returned float32 (1, 1): expected float32 (1,)"),
    "TooFewLosses": ("failed", "train returned float32 (0,): expected float32 (1,)"),
    "WrongDtype": ("failed", "train returned float64 (1,): expected float32 (1,)"),
    "NoArray": ("failed", "train returned a list: expected float32 (1,)"),
    "ArrayOfObjects": ("failed", NOT_PLAIN + "an array of"),
    "MaskedLosses": ("failed", NOT_PLAIN + "MaskedArray"),
    "RaisesUnspeakably": ("failed", "train: UnspeakableError: its message raised RuntimeError"),
    "Interrupts": ("failed", "train: KeyboardInterrupt: not by hand"),
    "NotPlain": ("failed", NOT_PLAIN + "Answer"),
    "Generates": ("failed", NOT_PLAIN + "generator"),
    "ForgesAnswer": ("failed", "train: the answer cannot be read: "),
    "WithoutItsFramework": ("unavailable", "torch-of-another-world is not installed: pip install torch-of"),
    "FasterByAMillionth": ("ok", None),
}
"""What becomes of each fault's row."""

PROOFS = {
    "Raises": GONE,
    "ExitsWhileLoading": ("failed", "load: the worker exited with code 3"),
    "Aborts": ("failed", "train: the worker was killed by SIGABRT"),
    "Diverges": ("diverged", "float64: the loss was nan at update 131"),
    "TooFewLosses": ("failed", "train returned float64 (0,): expected float64 (1,)"),
    "WrongDtype": ("failed", "train returned float64 (200,): expected float32 (200,)"),
    "WithoutItsFramework": ("unavailable", "torch-of-another-world is not installed: pip install torch-of"),
}
"""What becomes of its lockstep, where that says more."""

IN_A_RUN = (
    *PROOFS,
    *("PrintsGarbage", "FloodsItsOutput", "ForgesAnswer", "LeavesChildren", "LeavesFiles"),
    "FasterByAMillionth",
)
"""Faults of which more is looked at than their row; a run proves each one's lockstep, which takes longest."""


@pytest.fixture(scope="module")
def numpy_alone():
    (run,) = run_block(brief_block(TASK, "numpy", epochs=EPOCHS)).runs
    return run


@pytest.fixture(scope="module")
def run_of_many(tmp_path_factory):
    """One run, in a process of its own, of NumPy's adapter among faults."""
    folder = tmp_path_factory.mktemp("faults")
    out, temporary = folder / "out", folder / "temporary"
    temporary.mkdir()
    names = ",".join(("numpy", *map(faulty, IN_A_RUN)))
    options = ("--epochs", EPOCHS, "--rounds", 2, "--threads", 1, "--memory-limit", LIMIT_MEBIBYTES)
    environment = {"FAULT_FORGED": str(folder / "forged"), "TMPDIR": str(temporary)}
    ended = finish(
        "run", TASK, "--adapters", names, *options, "--out", out, mark=out, environment=environment
    )
    return ended, out


@pytest.fixture(scope="module")
def block_of_others():
    """The records of NumPy's adapter among the other faults, by adapter."""
    others = [faulty(name) for name in ROWS if name not in IN_A_RUN]
    limit = LIMIT_MEBIBYTES * 2**20
    block = run_block(brief_block(TASK, "numpy", *others, epochs=EPOCHS, memory_limit_bytes=limit))
    return {run.adapter: run for run in block.runs}


@pytest.fixture(scope="module")
def rows(run_of_many, block_of_others):
    return {**block_of_others, **{run.adapter: run for run in load(run_of_many[1]).runs}}


def says(error, reason):
    return error is None if reason is None else error.startswith(reason) or re.match(reason, error)


@pytest.mark.parametrize("fault", ROWS)
def test_a_fault_is_named_in_its_row(fault, rows):
    run, (status, reason) = rows[faulty(fault)], ROWS[fault]
    assert run.status == status
    assert says(run.error, reason), run.error


def test_a_fault_costs_its_own_row_alone(rows, block_of_others, numpy_alone):
    assert learned(rows["numpy"]) == learned(block_of_others["numpy"]) == learned(numpy_alone)


@pytest.mark.parametrize("fault", PROOFS)
def test_a_fault_costs_its_own_lockstep_alone(fault, run_of_many):
    proofs = {proof.adapter: proof for proof in load(run_of_many[1]).proofs}
    assert proofs["numpy"].verdict == "in lockstep"
    proof, (status, reason) = proofs[faulty(fault)], PROOFS[fault]
    assert (proof.status, proof.verdict) == (status, None)
    assert says(proof.error, reason), proof.error


def test_the_run_ends_with_exit_code_one_and_no_traceback(run_of_many):
    ended, _ = run_of_many
    assert ended.code == 1
    assert ended.err == ""
    assert "Traceback" not in ended.out


def test_nothing_is_left_behind(run_of_many):
    _, out = run_of_many
    assert marked(out) == []
    assert list((out.parent / "temporary").iterdir()) == []


def test_a_worker_has_its_parent_run_nothing(run_of_many):
    assert not (run_of_many[1].parent / "forged").exists()


def test_the_report_has_the_last_lines_of_the_log_and_its_place(run_of_many, rows):
    _, out = run_of_many
    run = rows[faulty("Raises")]
    assert run.last_lines[-1] == "and did not come back"
    assert (out / run.log).read_text().splitlines()[-1] == "and did not come back"
    report = stored_text(out)
    assert "    and did not come back" in report
    assert f"The last lines of {run.log}" in report


def test_a_flood_stays_in_the_log(run_of_many, rows):
    ended, out = run_of_many
    assert (out / rows[faulty("FloodsItsOutput")].log).stat().st_size > 5_000_000
    assert len(ended.out) < 50_000


def test_garbage_cannot_leave_its_block(run_of_many):
    _, out = run_of_many
    report = stored_text(out)
    assert all(line.startswith("      ") for line in report.splitlines() if "<script>" in line)
    assert "\x1b" not in report


def test_a_diverged_run_keeps_its_curve_up_to_there(rows):
    assert [len(epoch.losses) for epoch in rows[faulty("Diverges")].epochs] == [UPDATES, 30]


def test_an_adapter_that_is_different_is_called_so(run_of_many):
    assert f"**DIFFERENT**: {faulty('FasterByAMillionth')}" in (run_of_many[1] / "README.md").read_text()


@pytest.mark.usefixtures("no_patience")
def test_an_adapter_that_hangs_is_given_up():
    hanging, numpy = run_block(brief_block(TASK, faulty("Hangs"), "numpy")).runs
    assert (hanging.status, hanging.error) == ("timeout", "train: no answer within 0.1 s")
    assert numpy.status == "ok"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, 0),
        ({"status": "unsupported"}, 0),
        *(({"status": status}, 1) for status in ("failed", "timeout", "diverged", "unavailable")),
    ],
)
def test_a_row_that_is_not_ok_makes_the_exit_code_one(change, code):
    run = replace(Run(task="t", adapter="a", seed=0, status="ok"), **change)
    assert exit_code(replace(example_results(), runs=[run])) == code


def test_an_adapter_that_is_different_makes_the_exit_code_one():
    sound = replace(example_results(), runs=[])
    for verdict, code in (("in lockstep", 0), ("drifts within float32 rounding", 0), ("DIFFERENT", 1)):
        proof = ParityResult(task="t", adapter="a", verdict=verdict)
        assert exit_code(replace(sound, proofs=[proof])) == code


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", ROWS)
def test_a_fault_alone_beside_numpy_costs_its_own_row_alone(fault, numpy_alone, monkeypatch, tmp_path):
    monkeypatch.setenv("FAULT_FORGED", str(tmp_path / "forged"))
    limit = LIMIT_MEBIBYTES * 2**20
    block = brief_block(TASK, faulty(fault), "numpy", epochs=EPOCHS, memory_limit_bytes=limit)
    run, numpy = run_block(block).runs
    status, reason = ROWS[fault]
    assert run.status == status
    assert says(run.error, reason), run.error
    assert learned(numpy) == learned(numpy_alone)
