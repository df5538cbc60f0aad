"""Workers of a cluster that are killed: the run finds what it finds without a cluster, each block once.

One kill belongs to the suite; `pytest tests/test_cluster_kills.py --kills 30` does more.
"""

import time

import psutil
import pytest
from numpy.random import PCG64, Generator

from compare.storage.results import load
from tests.commands import LONGEST_SECONDS, command, command_line, learned, marked, start, wait_until

pytestmark = [pytest.mark.xdist_group("cluster"), pytest.mark.usefixtures("no_drawing")]
RUN = (
    *("run", "sine-online", "--adapters", "numpy", "--seeds", 4),
    *("--epochs", 100, "--rounds", 10, "--threads", 1),
)
WORKERS = 3


def pytest_generate_tests(metafunc):
    if "number" in metafunc.fixturenames:
        metafunc.parametrize("number", range(metafunc.config.getoption("kills")))


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What a run without a cluster learns."""
    out = tmp_path_factory.mktemp("without")
    ended = command(*RUN, "--out", out)
    assert ended.code == 0, ended
    return [learned(run) for run in load(out).runs]


def local_workers(process):
    """The Dask workers that a command has started."""
    return [
        child
        for child in psutil.Process(process.pid).children()
        if "compare.cluster.local_worker" in command_line(child)
    ]


def has_blocks_under_way(process):
    workers = local_workers(process)
    return len(workers) == WORKERS and all(worker.children() for worker in workers)


@pytest.mark.exhaustive
def test_a_worker_that_is_killed_at_any_moment_changes_no_loss(number, tmp_path, expected):
    generator = Generator(PCG64(number))
    with start(*RUN, "--cluster", f"local:{WORKERS}", "--out", tmp_path, mark=tmp_path) as process:
        wait_until(lambda: has_blocks_under_way(process), "blocks on all workers")
        time.sleep(generator.uniform(0, 2))
        for worker in generator.choice(local_workers(process), generator.integers(1, WORKERS), replace=False):
            worker.kill()
        said, errors = process.communicate(timeout=LONGEST_SECONDS)
    assert process.returncode == 0, (said, errors)
    assert [learned(run) for run in load(tmp_path).runs] == expected
    wait_until(lambda: not marked(tmp_path), "the end of all workers")
