"""Runs over a cluster: what one machine finds, spread over workers, and what a user gets wrong."""

import asyncio
import os
import signal
import socket
import sys
from importlib import util
from subprocess import run

import pytest

from compare.cli.beginning import command_line
from compare.cluster import connection, local_worker
from compare.cluster.kinds import KINDS, BlockWanted
from compare.cluster.under_way import endable
from compare.machine.devices import usable_cores
from compare.records.sweep import Size
from compare.storage.results import load, save
from tests.blocks import brief_block
from tests.commands import (
    LONGEST_SECONDS,
    ROOT,
    assert_refused,
    command,
    faulty,
    learned,
    marked,
    start,
    wait_until,
)
from tests.example_results import example_results
from tests.runs import TWO_CELLS

pytestmark = pytest.mark.xdist_group("cluster")
HANGING = ("run", "sine-online", "--adapters", f"numpy,{faulty('HangsWithChildren')}", "--threads", 1)
MORE = pytest.mark.exhaustive


def losses(out):
    return [learned(run) for run in load(out).runs]


@pytest.fixture(scope="module")
def spread(tmp_path_factory):
    """The folder of a run of two cells over two workers of this machine, and how it ended."""
    out = tmp_path_factory.mktemp("spread")
    return out, command(*TWO_CELLS, "--cluster", "local:2", "--out", out)


def test_a_run_over_workers_learns_what_a_run_without_them_does(spread, two_cells):
    out, ended = spread
    assert ended.code == 0, ended
    assert losses(out) == losses(two_cells)
    assert "lockstep on sine-online: numpy in lockstep" in ended.said


def test_every_record_names_its_machine_and_nothing_names_a_host(spread):
    out, _ = spread
    results, text = load(out), (out / "results.json").read_text()
    assert {run.machine for run in results.runs} == {*results.machines} == {*results.environments}
    assert {run.threads for run in results.runs} == {1}
    assert "127.0.0.1" not in text
    assert socket.gethostname() not in text


@pytest.mark.parametrize(
    ("typed", "noted"),
    [
        (("--cluster", "tcp://red.example:8786", "--seeds", "2"), "--cluster ADDRESS --seeds 2"),
        (("--cluster=red.example:8786",), "--cluster=ADDRESS"),
        (("--cluster", "local:2"), "--cluster local:2"),
    ],
)
def test_the_command_that_a_report_shows_names_no_host(typed, noted, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["compare", "run", "sine-online", *typed])
    assert command_line() == f"python -m compare run sine-online {noted}"


def test_the_report_says_that_workers_shared_a_machine(spread):
    out, _ = spread
    assert load(out).shared_a_machine
    assert "shared a machine and took each other's time" in " ".join((out / "README.md").read_text().split())
    assert [path.name for path in (out / "logs").iterdir()]


@MORE
def test_threads_are_those_that_are_asked_for_or_else_the_machines_cores(tmp_path, monkeypatch):
    """Never the one thread that the Dask worker has."""
    without = [each for each in TWO_CELLS if each not in ("--threads", 1)]
    ended = command(*without[:-4], "--seeds", 1, "--epochs", 2, "--cluster", "local:1", "--out", tmp_path)
    assert ended.code == 0, ended
    assert not load(tmp_path).shared_a_machine
    assert {run.threads for run in load(tmp_path).runs} == {load(tmp_path).environment.threads}


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nonsense", "it takes a scheduler's address, as in tcp://10.0.0.1:8786, or local:N"),
        ("local:0", "local:N starts N workers here, from 1 to 64"),
        (
            "tcp://127.0.0.1:1",
            "no Dask scheduler answers at tcp://127.0.0.1:1: start one with: dask scheduler",
        ),
        ("tls://127.0.0.1:1", "tls://127.0.0.1:1 needs certificates: name them in Dask's configuration"),
    ],
)
def test_an_address_of_no_cluster_is_refused_in_a_line(address, says, tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.2)
    assert_refused(command(*TWO_CELLS, "--cluster", address, "--out", tmp_path / "out"), says)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("words", [TWO_CELLS, ("sweep", "--adapters", "numpy")])
def test_where_nobody_answers_no_data_are_read_and_an_earlier_run_stays(words, tmp_path, monkeypatch):
    def read(*_):
        raise AssertionError

    monkeypatch.setattr(connection, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr("compare.cli.run.plan", read)
    save(example_results(), tmp_path)
    before = (tmp_path / "results.json").read_bytes()
    ended = command(*words, "--cluster", "tcp://127.0.0.1:1", "--out", tmp_path, "--overwrite")
    assert_refused(ended, "no Dask scheduler answers at tcp://127.0.0.1:1")
    assert (tmp_path / "results.json").read_bytes() == before


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("compare.cluster.address.find_spec", lambda name: None)
    ended = command(*TWO_CELLS, "--cluster", "local:2", "--out", tmp_path / "out")
    assert_refused(ended, "--cluster needs dask.distributed: pip install -e '.[cluster]'")
    assert util.find_spec("distributed"), "the tests have it"


def test_dask_is_imported_for_a_cluster_alone():
    code = "import sys, compare.__main__, compare.cli.run; sys.exit('distributed' in sys.modules)"
    assert run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_worker_here_that_has_not_joined_yet_ends_when_it_is_told_to():
    async def told_to_end():
        working = asyncio.create_task(local_worker._work("tcp://127.0.0.1:1"))
        await asyncio.sleep(0.1)
        os.kill(os.getpid(), signal.SIGTERM)
        await working

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(told_to_end())


@MORE
def test_a_standard_run_times_threads_and_profiles_each_task_on_one_machine(tmp_path):
    brief = ("--adapters", "numpy", "--seeds", 1, "--epochs", 2, "--rounds", 2)
    standard = ("run", "sine-online", *brief, "--preset", "standard")
    ended = command(*standard, "--cluster", "local:1", "--out", tmp_path)
    assert ended.code == 0, ended
    results = load(tmp_path)
    (profile,) = results.profiles
    assert (profile.task, profile.adapter, profile.error) == ("sine-online", "numpy", None)
    assert len(profile.training) == 2
    assert [each.error for each in results.threads] == [None] * (usable_cores() > 1)
    assert {each.machine for each in (profile, *results.threads)} == {*results.machines}
    assert (tmp_path / "pages" / "profile.md").exists()


def test_a_worker_here_ends_where_its_scheduler_was_gone_before_it_could_join(monkeypatch):
    monkeypatch.setattr(local_worker, "START_SECONDS", 0.2)
    with pytest.raises(TimeoutError):
        asyncio.run(local_worker._work("tcp://127.0.0.1:1"))


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(signal.SIGINT, marks=MORE),
        pytest.param(signal.SIGTERM, marks=MORE),
        pytest.param(signal.SIGKILL, marks=MORE),
    ],
)
def test_nothing_outlives_a_run_that_is_ended_while_blocks_are_under_way(number, tmp_path):
    ready, out = tmp_path / "ready", tmp_path / "out"
    begun = {"FAULT_BEGUN": str(ready)}
    with start(*HANGING, "--cluster", "local:2", "--out", out, mark=out, environment=begun) as process:
        wait_until(ready.exists, "the fault")
        process.send_signal(number)
        said, errors = process.communicate(timeout=LONGEST_SECONDS)
    wait_until(lambda: not marked(out), "the end of every process")
    if number != signal.SIGKILL:
        assert (process.returncode, errors) == (130, "")
        assert f"To go on: python -m compare run --resume {out}" in " ".join(said.split())


@MORE
def test_a_sweep_gives_each_size_to_a_machine_and_keeps_their_order(tmp_path, monkeypatch):
    chosen = [Size(hidden=hidden, batch=2, time_steps=3) for hidden in (8, 2, 4)]
    monkeypatch.setattr("compare.cli.sweep.sizes", lambda *_: chosen)
    options = ("--adapters", "numpy", "--rounds", 2, "--threads", 1, "--cluster", "local:2")
    ended = command("sweep", *options, "--out", tmp_path)
    assert ended.code == 0, ended
    results = load(tmp_path)
    assert [point.size for point in results.sweep] == chosen
    assert {point.machine for point in results.sweep} == {*results.machines}
    assert all(len(point.seconds) == 2 for point in results.sweep)


@MORE
def test_recipes_for_accuracy_learn_over_a_cluster_what_they_learn_without(tmp_path):
    recipe = ("accuracy", "--adapters", "numpy", "--recipe", "plain", "--data", "digits", "--threads", 1)
    brief = (*recipe, "--seeds", 2, "--epochs", 2)
    for out, more in (("here", ()), ("there", ("--cluster", "local:2"))):
        ended = command(*brief, *more, "--out", tmp_path / out)
        assert ended.code == 0, ended
    here, there = (load(tmp_path / out).accuracy.runs for out in ("here", "there"))
    assert [(run.seed, run.accuracy, run.epoch_losses) for run in there] == [
        (run.seed, run.accuracy, run.epoch_losses) for run in here
    ]
    assert all(run.machine for run in there)


def test_what_adapters_learned_comes_back_where_it_is_saved_alone():
    block = brief_block("sine-online", "numpy")
    for saves in (True, False):
        with endable(lambda: True) as workers:
            found = KINDS["block"].perform(BlockWanted(block=block, saves=saves), workers, 1)
        assert [run.status for run in found.result.runs] == ["ok"]
        assert [*found.learned] == (["numpy"] if saves else [])
