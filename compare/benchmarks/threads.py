"""What more threads are worth: every adapter with one thread against itself with all of them."""

from compare.benchmarks.interleaved import race
from compare.benchmarks.timed_worker import Contender, work_of
from compare.records.block import Block
from compare.records.sweep import ThreadRounds
from compare.runner.block import Tick
from tasks import find


def turns(block: Block) -> int:
    """How often `compare_threads` calls its `tick`."""
    return 2 * len(_adapters(block)) * (1 + block.rounds)


def compare_threads(block: Block, tick: Tick) -> list[ThreadRounds]:
    """One record an adapter; it and its rival are alive at once and take turns, apart from other adapters."""
    work = work_of(find(block.task), block.data_key)
    found = []
    for adapter in _adapters(block):
        single = Contender(name=f"{adapter}, 1 thread", adapter=adapter, threads=1)
        several = Contender(
            name=f"{adapter}, {block.threads} threads", adapter=adapter, threads=block.threads
        )
        laps = race(
            work,
            (single, several),
            block.rounds,
            tick,
            timeout_seconds=block.timeout_seconds,
            memory_limit_bytes=block.memory_limit_bytes,
        )
        found.append(
            ThreadRounds(
                task=block.task,
                adapter=adapter,
                threads=block.threads,
                single=laps[single.name].seconds_per_update,
                several=laps[several.name].seconds_per_update,
                error=laps[single.name].error or laps[several.name].error,
            )
        )
    return found


def _adapters(block: Block) -> list[str]:
    return [name for name in block.adapters if name not in block.twins]
