"""A cluster on this machine, for trying things out: a scheduler in this process, workers in others."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dask
from distributed import LocalCluster

from compare import start
from compare.cluster.connection import quiet_dask
from compare.cluster.local_worker import START_SECONDS
from compare.errors import UsageError

LOOK_SECONDS, END_SECONDS = 0.02, 10.0


@contextmanager
def local_cluster(count: int) -> Iterator[str]:
    """The address of a scheduler with so many workers, which end with the context, as with this process."""
    quiet_dask()
    with dask.config.set({"distributed.scheduler.http.routes": []}):
        scheduler = LocalCluster(
            n_workers=0, host="127.0.0.1", protocol="tcp", dashboard_address="127.0.0.1:0", silence_logs=False
        )
    workers: list[subprocess.Popen[bytes]] = []
    try:
        workers += [_worker(scheduler.scheduler_address) for _ in range(count)]
        _wait_for(workers, scheduler)
        yield scheduler.scheduler_address
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            _end(worker)
        scheduler.close()


def _worker(address: str) -> subprocess.Popen[bytes]:
    """A worker in a session of its own, where no Ctrl-C reaches it."""
    return subprocess.Popen(
        start.command("compare.cluster.local_worker", address),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _wait_for(workers: Sequence[subprocess.Popen[bytes]], scheduler: LocalCluster) -> None:
    """Wait until all have joined.

    Raises: UsageError where one cannot.
    """
    end = time.monotonic() + START_SECONDS
    while len(scheduler.scheduler.workers) < len(workers):
        if time.monotonic() > end or any(worker.poll() is not None for worker in workers):
            raise UsageError(f"local:{len(workers)}: a worker on this machine could not be started")
        time.sleep(LOOK_SECONDS)


def _end(worker: subprocess.Popen[bytes]) -> None:
    try:
        worker.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()
