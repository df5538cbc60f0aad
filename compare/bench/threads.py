"""What more threads are worth: every adapter with one thread against itself with all of them."""

from collections.abc import Callable, Sequence

from compare.bench.pacer import Contender, work_of
from compare.bench.race import race
from compare.records import ThreadRounds
from tasks.interface import Task


def compare_threads(
    task: Task,
    data_key: str,
    adapters: Sequence[str],
    threads: int,
    rounds: int,
    tick: Callable[[str], None],
) -> list[ThreadRounds]:
    """One record an adapter; it and its rival are alive at once and take turns, apart from other adapters."""
    found = []
    for adapter in adapters:
        single = Contender(name=f"{adapter}, 1 thread", adapter=adapter, threads=1)
        several = Contender(name=f"{adapter}, {threads} threads", adapter=adapter, threads=threads)
        laps = race(work_of(task, data_key), (single, several), rounds, tick)
        found.append(
            ThreadRounds(
                task=task.name,
                adapter=adapter,
                threads=threads,
                single=laps[single.name].seconds_per_update,
                several=laps[several.name].seconds_per_update,
                error=laps[single.name].error or laps[several.name].error,
            )
        )
    return found
