"""What more threads are worth: every adapter with one thread against itself with all of them."""

from collections.abc import Callable

from compare.benchmarks.interleaved import time_interleaved
from compare.benchmarks.timed_worker import Candidate, workload_of
from compare.errors import UsageError
from compare.records.block import Block
from compare.records.sweep import ThreadRounds
from compare.runner.task_loading import load_task_data
from compare.runner.workers import Workers
from compare.text import counted

PROCESS = 1
"""The number of the processes that take part: no cold start is timed here, and they may live on."""


def turns(block: Block) -> int:
    """How often `compare_threads` calls its `tick`."""
    return 2 * len(block.single_adapters) * (1 + block.rounds)


def compare_threads(
    block: Block, tick: Callable[[str], None], workers: Workers | None = None
) -> list[ThreadRounds]:
    """One record an adapter, which is alive twice, and takes turns with itself, apart from other adapters."""
    try:
        data = load_task_data(block.found_by, block.data)
    except UsageError as error:
        return [without_rounds(block, adapter, str(error)) for adapter in block.single_adapters]
    workload = workload_of(data.task, data.dataset)
    found = []
    for adapter in block.single_adapters:
        single, several = (_candidate(adapter, threads) for threads in (1, block.threads))
        times = time_interleaved(
            workload,
            (single, several),
            block.rounds,
            tick,
            timeout_seconds=block.timeout_seconds,
            memory_limit_bytes=block.memory_limit_bytes,
            timing=block.timing,
            workers=workers,
        )
        missing = times[single.name] if times[single.name].error else times[several.name]
        found.append(
            ThreadRounds(
                task=block.task,
                adapter=adapter,
                threads=block.threads,
                single=times[single.name].seconds_per_update,
                several=times[several.name].seconds_per_update,
                status=missing.status,
                error=missing.error,
            )
        )
    return found


def _candidate(adapter: str, threads: int) -> Candidate:
    return Candidate(
        name=f"{adapter}, {counted(threads, 'thread')}", adapter=adapter, threads=threads, process=PROCESS
    )


def without_rounds(block: Block, adapter: str, error: str) -> ThreadRounds:
    """The record of an adapter that could not be timed."""
    return ThreadRounds(
        task=block.task,
        adapter=adapter,
        threads=block.threads,
        single=[],
        several=[],
        status="failed",
        error=error,
    )
