"""Contenders on one piece of work, all alive at once, in alternating turns."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from numpy.random import PCG64, Generator, SeedSequence

from compare.benchmarks.timed_worker import Contender, Pacer, Work
from compare.runner.worker_process import WorkerFailed
from compare.text import slug

TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lap:
    """What a contender took for an update, round by round, or why it took no part.

    Units: `memory_bytes` is the largest resident size above that after the import.
    """

    name: str
    seconds_per_update: list[float]
    memory_bytes: int = 0
    error: str | None = None


def race(
    work: Work,
    contenders: Sequence[Contender],
    rounds: int,
    tick: Callable[[str], None],
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    memory_limit_bytes: int | None = None,
) -> dict[str, Lap]:
    """By name, what each took; turns come in an order shuffled anew each round, `tick` hears of each.

    A contender whose worker fails takes no further part.
    """
    generator = Generator(PCG64(SeedSequence(0)))
    laps: dict[str, Lap] = {}
    with tempfile.TemporaryDirectory() as logs, ExitStack() as stack:
        racing: list[Pacer] = []
        for contender in contenders:
            tick(contender.name)
            try:
                log = Path(logs) / f"{slug(contender.name)}.log"
                pacer = Pacer(contender, work, timeout_seconds, log, memory_limit_bytes)
                stack.callback(pacer.leave)
                pacer.warm_up()
                racing.append(pacer)
            except WorkerFailed as failure:
                laps[contender.name] = _out(contender, failure)
        for _ in range(rounds):
            for place in generator.permutation(len(racing)):
                pacer = racing[place]
                tick(pacer.contender.name)
                if pacer.contender.name in laps:
                    continue
                try:
                    pacer.turn()
                except WorkerFailed as failure:
                    pacer.leave()
                    laps[pacer.contender.name] = _out(pacer.contender, failure)
        finished = [pacer for pacer in racing if pacer.contender.name not in laps]
        return laps | {pacer.contender.name: _lap(pacer) for pacer in finished}


def _lap(pacer: Pacer) -> Lap:
    return Lap(
        name=pacer.contender.name,
        seconds_per_update=pacer.seconds_per_update,
        memory_bytes=pacer.memory_bytes,
    )


def _out(contender: Contender, failure: WorkerFailed) -> Lap:
    return Lap(name=contender.name, seconds_per_update=[], error=str(failure))
