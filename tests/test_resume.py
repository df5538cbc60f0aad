"""A block that was broken off goes on where it was: nothing on disk is done again, the end is the same."""

from dataclasses import replace

import pytest

from compare.runner.block import run_block
from compare.storage import checkpoint as storage
from compare.storage.array_file import read_arrays, write_arrays
from compare.storage.checkpoint import (
    RECORDS_FILE,
    SNAPSHOT_FILE,
    CheckpointStore,
    read_snapshot,
    resume_point,
    write_snapshot,
)
from tests.blocks import BRIEF, Listener, brief_block
from tests.commands import faulty, learned

EPOCHS, ROUNDS = 4, 4
TWIN = "numpy (again)"
TELLS_NO_STATE, TELLS_NUMBERS, RAISES = map(faulty, ("TellsNoState", "TellsNumbers", "RaisesLater"))


@pytest.fixture(autouse=True)
def a_snapshot_after_every_epoch(monkeypatch):
    monkeypatch.setattr(storage, "SNAPSHOT_SECONDS", 0.0)


def block(*adapters):
    timing = replace(BRIEF, turn_seconds=1e-3)
    options = {"epochs": EPOCHS, "rounds": ROUNDS, "processes": 2, "timing": timing}
    return brief_block("sine-lstm", *adapters, twins={TWIN: "numpy"} if TWIN in adapters else {}, **options)


def run(block, folder, turns=None):
    """The records of a block, or what it goes on from when it is broken off after so many turns."""
    checkpoint = resume_point(folder, block)
    try:
        with CheckpointStore(folder) as store:
            found = run_block(block, Listener(turns, store), checkpoint)
            return {record.adapter: record for record in found.runs}
    except KeyboardInterrupt:
        return resume_point(folder, block)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    return run(block("numpy", TWIN), folder)


def test_training_goes_on_after_the_last_whole_epoch(tmp_path, uninterrupted):
    asked = block("numpy", TWIN)
    checkpoint = run(asked, tmp_path, turns=2 + 2 * 2 + 1)
    assert (checkpoint.epochs, checkpoint.rounds) == (2, 0)
    for name, record in run(asked, tmp_path).items():
        assert learned(record) == learned(uninterrupted[name])
        assert record.epochs[:2] == checkpoint.runs[name].epochs, "an epoch was trained again"
        assert [epoch.process for epoch in record.epochs] == [0, 0, 1, 1]
        assert record.cold_seconds == checkpoint.runs[name].cold_seconds


def test_timed_rounds_go_on_after_the_last_whole_one(tmp_path, uninterrupted):
    asked = block("numpy")
    checkpoint = run(asked, tmp_path, turns=1 + EPOCHS + 1)
    assert (checkpoint.epochs, checkpoint.rounds) == (EPOCHS, 1)
    record, before = run(asked, tmp_path)["numpy"], checkpoint.runs["numpy"]
    assert learned(record) == learned(uninterrupted["numpy"])
    assert record.epochs == before.epochs
    assert record.rounds[:1] == before.rounds, "a round was timed again"
    assert [turn.index for turn in record.rounds] == [0, 1, 2, 3]
    assert [turn.process for turn in record.rounds] == [0, 1, 2, 2]
    assert len({turn.sequences for turn in record.rounds}) == 1


def test_a_block_that_is_broken_off_again_and_again_comes_to_the_same_end(tmp_path, uninterrupted):
    asked = block("numpy")
    reached = [run(asked, tmp_path, turns=1 + 1).epochs for _ in range(EPOCHS)]
    assert reached == [1, 2, 3, 4]
    assert learned(run(asked, tmp_path)["numpy"]) == learned(uninterrupted["numpy"])


def test_an_adapter_that_had_failed_stays_failed(tmp_path, uninterrupted):
    asked = block("numpy", RAISES)
    checkpoint = run(asked, tmp_path, turns=2 + 2 * 2 + 1)
    assert checkpoint.states.keys() == {"numpy"}
    records = run(asked, tmp_path)
    assert learned(records["numpy"]) == learned(uninterrupted["numpy"])
    assert records[RAISES].status == "failed"
    assert records[RAISES].error == "train: RuntimeError: the gradient went for a walk"
    assert records[RAISES].last_lines[-1] == "and did not come back"
    assert len(records[RAISES].epochs) == 1


def test_one_adapter_that_cannot_tell_its_state_has_the_block_start_anew(tmp_path):
    assert run(block("numpy", TELLS_NO_STATE), tmp_path, turns=2 + 2 * 2 + 1) is None


def test_a_state_that_is_no_state_costs_its_own_row_alone(tmp_path, uninterrupted):
    records = run(block("numpy", TELLS_NUMBERS), tmp_path)
    assert records[TELLS_NUMBERS].status == "failed"
    assert records[TELLS_NUMBERS].error == "state: step is a int: expected a NumPy array of plain numbers"
    assert learned(records["numpy"]) == learned(uninterrupted["numpy"])


DAMAGE = {
    "nothing there": lambda path: path.unlink(),
    "half of it": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "a bit": lambda path: path.write_bytes(path.read_bytes().replace(b"\x3f", b"\x3e", 1)),
    "of another seed": lambda path: rewrite(path, seed=1),
    "of another task": lambda path: rewrite(path, task="sine-window"),
    "of an epoch to come": lambda path: rewrite(path, epochs=EPOCHS),
    "without an adapter": lambda path: rewrite(path, states={}),
    "of another format": lambda path: write_arrays(
        path, {name.replace("heading 2", "heading"): each for name, each in read_arrays(path).items()}
    ),
}


def rewrite(path, **changes):
    write_snapshot(path.parent, replace(read_snapshot(path.parent), **changes))


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory):
    """What a block leaves that was broken off in its third epoch."""
    folder = tmp_path_factory.mktemp("cut-off")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage, "SNAPSHOT_SECONDS", 0.0)
        assert run(block("numpy"), folder, turns=1 + 2).epochs == 2
    return folder


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_snapshot_that_is_damaged_or_of_something_else_has_the_block_start_anew(damage, tmp_path, cut_off):
    for name in (RECORDS_FILE, SNAPSHOT_FILE):
        (tmp_path / name).write_bytes((cut_off / name).read_bytes())
    asked = block("numpy")
    assert resume_point(tmp_path, asked).epochs == 2
    damage(tmp_path / SNAPSHOT_FILE)
    assert resume_point(tmp_path, asked) is None


def test_epochs_after_the_snapshot_are_trained_again(tmp_path, cut_off):
    for name in (RECORDS_FILE, SNAPSHOT_FILE):
        (tmp_path / name).write_bytes((cut_off / name).read_bytes())
    rewrite(tmp_path / SNAPSHOT_FILE, epochs=1)
    checkpoint = resume_point(tmp_path, block("numpy"))
    assert checkpoint.epochs == len(checkpoint.runs["numpy"].epochs) == 1
