"""Runs over a cluster: what one machine finds, spread over workers, and what a user gets wrong."""

import signal
import subprocess
import sys
from importlib import util

import pytest

from compare.storage.results import load
from tests.commands import assert_refused, command, faulty, finish, learned, marked, start, wait_until
from tests.dask_processes import free_port, scheduler, wait_for_workers, worker
from tests.runs import TWO_CELLS

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.usefixtures("no_drawing")]
HANGING = ("run", "sine-online", "--adapters", f"numpy,{faulty('HangsWithChildren')}", "--threads", 1)


def losses(out):
    return [learned(run) for run in load(out).runs]


@pytest.fixture(scope="module")
def spread(tmp_path_factory):
    """The folder of a run of two cells over two workers of this machine, and how it ended."""
    out = tmp_path_factory.mktemp("spread")
    return out, finish(*TWO_CELLS, "--cluster", "local:2", "--out", out)


def test_a_run_over_workers_learns_what_a_run_without_them_does(spread, two_cells):
    out, ended = spread
    assert ended.code == 0, ended
    assert losses(out) == losses(two_cells)
    assert "lockstep on sine-online: numpy in lockstep" in ended.said


def test_every_record_names_its_machine_and_no_host_is_named(spread):
    out, _ = spread
    results = load(out)
    assert {run.machine for run in results.runs} == {*results.machines} == {*results.environments}
    assert {run.threads for run in results.runs} == {1}
    assert results.cluster.workers == 2
    hosts = subprocess.run(["hostname"], capture_output=True, text=True, check=True).stdout.strip()
    assert hosts not in (out / "results.json").read_text()
    assert "127.0.0.1" not in (out / "results.json").read_text()


def test_the_report_says_that_workers_shared_a_machine(spread):
    out, _ = spread
    assert "shared a machine" in " ".join((out / "README.md").read_text().split())
    assert (out / "logs").is_dir()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("nonsense", "it takes a scheduler's address, as in tcp://10.0.0.1:8786, or local:N"),
        ("local:0", "local:N starts N workers here, from 1 to 64"),
        ("tcp://127.0.0.1:1", "no Dask scheduler answers at tcp://127.0.0.1:1: start one with: dask scheduler"),
    ],
)
def test_an_address_of_no_cluster_is_refused_in_a_line(address, says, tmp_path):
    assert_refused(command(*TWO_CELLS, "--cluster", address, "--out", tmp_path / "out"), says)
    assert not (tmp_path / "out").exists()
