"""Runs that are killed at random moments and resumed: nothing that was finished is lost, or done again.

Four kills belong to the suite; `pytest tests/test_kills.py --kills 50` does more.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from numpy.random import PCG64, Generator

from compare.storage.checkpoint import interrupted_runs, read_snapshot
from compare.storage.results import load
from tests.commands import finish, learned, marked, start, wait_until

RUN = ("run", "sine-online", "--adapters", "numpy", "--epochs", 100, "--seeds", 2, "--threads", 1)


def pytest_generate_tests(metafunc):
    if "number" in metafunc.fixturenames:
        metafunc.parametrize("number", range(metafunc.config.getoption("kills")))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The results of a run that nothing happened to, and how many seconds it took."""
    out = tmp_path_factory.mktemp("uninterrupted")
    begun = time.monotonic()
    code, said = finish(*RUN, "--out", out)
    assert code == 0, said
    return [learned(run) for run in load(out).runs], time.monotonic() - begun


@pytest.fixture(scope="module")
def killed(tmp_path_factory, uninterrupted, pytestconfig):
    """Runs killed once each, two at a time: what was on disk then, and what came of resuming them."""
    _, seconds = uninterrupted
    moments = Generator(PCG64(7)).uniform(0, seconds, pytestconfig.getoption("kills"))

    def kill(moment):
        out = tmp_path_factory.mktemp("killed")
        with start(*RUN, "--out", out, mark=out) as process:
            time.sleep(moment)
            process.kill()
        wait_until(lambda: not marked(out), "the end of all workers")
        stored = (out / "results.json").exists()
        finished = json.loads((out / "results.json").read_text())["runs"] if stored else []
        again = ("run", "--resume", out) if stored else (*RUN, "--out", out)
        under_way = on_disk(out) if stored else None
        return out, finished, under_way, finish(*again)

    with ThreadPoolExecutor(2) as pool:
        yield list(pool.map(kill, moments))


def times(rounds):
    return [(turn.index, turn.seconds) for turn in rounds]


def on_disk(out):
    """The epochs and rounds of the cell under way that a snapshot and the journal hold, and its seed."""
    snapshot, runs = read_snapshot(out), interrupted_runs(out, load(out).runs)
    if snapshot is None or not runs or runs[0].seed != snapshot.seed:
        return None
    return snapshot.seed, runs[0].epochs[: snapshot.epochs], runs[0].rounds


def test_a_killed_run_is_resumed_to_the_same_end(number, killed, uninterrupted):
    out, finished, under_way, (code, said) = killed[number]
    assert code == 0, said
    assert [learned(run) for run in load(out).runs] == uninterrupted[0]
    assert json.loads((out / "results.json").read_text())["runs"][: len(finished)] == finished
    if under_way:
        seed, epochs, rounds = under_way
        run = load(out).runs[seed]
        assert run.epochs[: len(epochs)] == epochs, "an epoch was trained again"
        assert times(run.rounds[: len(rounds)]) == times(rounds), "a round was timed again"
        assert "the cell went on from its state after" in (out / "README.md").read_text()
    assert [path.name for path in out.iterdir() if path.name.startswith((".", "running"))] == []


def test_some_kill_leaves_something_to_go_on_from(killed):
    assert any(under_way for _, _, under_way, _ in killed)
