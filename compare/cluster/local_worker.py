"""A Dask worker of a cluster on this machine, in a process of its own; its argument is ADDRESS."""

import asyncio
import signal
import sys
from contextlib import suppress

import dask
from distributed import Worker

from compare.cluster.connection import RESOURCE

START_SECONDS = 60.0
"""How long it may take to find its scheduler, which is gone if the command was killed meanwhile."""


def main() -> None:
    """Work until the scheduler is gone, or this is told to end."""
    (address,) = sys.argv[1:]
    with dask.config.set({"distributed.worker.profile.enabled": False}), suppress(asyncio.CancelledError):
        asyncio.run(_work(address))


async def _work(address: str) -> None:
    worker = Worker(
        address,
        nthreads=1,
        resources={RESOURCE: 1},
        dashboard=False,
        memory_limit=0,
        death_timeout=START_SECONDS,
    )
    loop, working = asyncio.get_running_loop(), asyncio.current_task()
    assert working is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, working.cancel)
    async with worker:
        await worker.finished()
