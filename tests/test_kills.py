"""Runs that are killed and resumed: nothing that was finished is lost, or done again.

A few kills belong to the suite; `pytest tests/test_kills.py --kills 50` does more.
"""

import json
import time

import pytest
from numpy.random import PCG64, Generator

from compare.storage.checkpoint import SNAPSHOT_FILE, interrupted_runs, read_snapshot
from compare.storage.results import load
from tests.commands import command, faulty, learned, marked, start, wait_until

pytestmark = pytest.mark.usefixtures("no_drawing")
RUN = (
    *("run", "sine-online", "--adapters", "numpy", "--seeds", 2),
    *("--epochs", 40, "--rounds", 4, "--threads", 1),
)


def pytest_generate_tests(metafunc):
    if "number" in metafunc.fixturenames:
        metafunc.parametrize("number", range(metafunc.config.getoption("kills")))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The results of a run that nothing happened to, and how many seconds it took."""
    out = tmp_path_factory.mktemp("uninterrupted")
    begun = time.monotonic()
    ended = command(*RUN, "--out", out)
    assert ended.code == 0, ended
    return [learned(run) for run in load(out).runs], time.monotonic() - begun


def killed(out, until, line=RUN, **environment):
    """What is on disk of a run that is killed once something is so: what is finished, and what under way."""
    with start(*line, "--out", out, mark=out, environment=environment) as process:
        until()
        process.kill()
    wait_until(lambda: not marked(out), "the end of all workers")
    if not (out / "results.json").exists():
        return [], None
    return json.loads((out / "results.json").read_text())["runs"], under_way(out)


def under_way(out):
    """The epochs and rounds of the cell under way that can be gone on from, and its seed."""
    snapshot, runs = read_snapshot(out), interrupted_runs(out, load(out).runs)
    if snapshot is None or not runs or runs[0].seed != snapshot.seed:
        return None
    return snapshot.seed, runs[0].epochs[: snapshot.epochs], runs[0].rounds


def times(rounds):
    return [(turn.index, turn.seconds) for turn in rounds]


def assert_resumed_to_the_same_end(out, finished, cell, expected):
    again = ("run", "--resume", out) if (out / "results.json").exists() else (*RUN, "--out", out)
    ended = command(*again)
    assert ended.code == 0, ended
    assert [learned(run) for run in load(out).runs] == expected
    assert json.loads((out / "results.json").read_text())["runs"][: len(finished)] == finished
    if cell:
        seed, epochs, rounds = cell
        assert load(out).interruptions[-1].changed == []
        run = load(out).runs[seed]
        assert run.epochs[: len(epochs)] == epochs, "an epoch was trained again"
        assert times(run.rounds[: len(rounds)]) == times(rounds), "a round was timed again"
        assert "the block went on from its state after" in (out / "README.md").read_text()
    assert [path.name for path in out.iterdir() if path.name.startswith((".", "running"))] == []


def test_a_run_that_is_killed_while_it_trains_goes_on_from_there(tmp_path, uninterrupted):
    ready, line = tmp_path / "ready", [faulty("HangsInTime") if word == "numpy" else word for word in RUN]
    when = {"FAULT_AFTER": str(tmp_path / SNAPSHOT_FILE), "FAULT_BYTES": "", "FAULT_BEGUN": str(ready)}
    finished, cell = killed(tmp_path, lambda: wait_until(ready.exists, "the fault"), line, **when)
    assert cell
    assert_resumed_to_the_same_end(tmp_path, finished, cell, uninterrupted[0])


def test_a_run_that_is_killed_at_any_moment_is_resumed_to_the_same_end(number, tmp_path, uninterrupted):
    expected, seconds = uninterrupted
    moment = Generator(PCG64(number)).uniform(0, seconds)
    finished, cell = killed(tmp_path, lambda: time.sleep(moment))
    assert_resumed_to_the_same_end(tmp_path, finished, cell, expected)
