"""A scheduler and workers as the guide starts them, each in a process of its own."""

import contextlib
import os
import socket
import subprocess
import sys
import time

from tests.commands import LONGEST_SECONDS, MARK, ROOT

WITH_RESOURCE = ("--nthreads", "1", "--resources", "block=1")


def free_port():
    """A port that nobody listens at."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@contextlib.contextmanager
def dask(*arguments, mark="", **variables):
    """Start a `dask` command, whose whole family carries a mark; it is killed in the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), MARK: str(mark), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def scheduler(port=None):
    """A scheduler that answers; its address."""
    port = port or free_port()
    with dask("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"):
        wait_for_port(port)
        yield f"tcp://127.0.0.1:{port}"


def wait_for_port(port, seconds=LONGEST_SECONDS):
    """Wait until somebody listens there."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        assert time.monotonic() < end, f"nobody listens at {port}"
        time.sleep(0.05)


def worker(address, *options, **variables):
    """A worker that blocks can be given to."""
    return dask("worker", address, *WITH_RESOURCE, "--no-dashboard", *options, **variables)


def wait_for_workers(address, count, seconds=LONGEST_SECONDS):
    """Wait until so many workers have joined."""
    from distributed import Client  # noqa: PLC0415 - most tests need none

    with Client(address, timeout=seconds, set_as_default=False) as client:
        client.wait_for_workers(count, timeout=seconds)
