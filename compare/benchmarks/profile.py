"""Where the time of an update goes: the whole, the cost of calls, and every part, in alternating turns."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from numpy.random import PCG64, Generator, SeedSequence

from compare.benchmarks.interleaved import time_interleaved
from compare.benchmarks.profiled import TURN, Profiled, Subject
from compare.benchmarks.timed_worker import Candidate
from compare.records.profile import Profile
from compare.runner.turns import shuffled
from compare.runner.worker_process import Limits
from compare.runner.workers import ActiveWorkers, Workers

ROUNDS = 5
AT_ONCE = 2
"""How many adapters begin, or say which kernels run, at the same time, before anything is timed."""


def turns(adapters: Sequence[str], rounds: int) -> int:
    """How often `profile_adapters` calls its `tick`."""
    return len(adapters) * (1 + rounds)


def profile_adapters(
    subject: Subject,
    adapters: Sequence[str],
    limits: Limits,
    rounds: int,
    workers: Workers,
    verbose: Workers,
    tick: Callable[[str], None],
) -> list[Profile]:
    """A profile of each adapter; one that fails has its reason, and no times.

    Each has three processes. One trains the task's model; another a vanishing one, and has the parts timed
    beside it; the third, of `verbose`, says which kernels run before anything is timed. Turns come in an
    order shuffled anew each round.
    """
    generator, active = Generator(PCG64(SeedSequence(0))), ActiveWorkers()
    with ExitStack() as stack:
        profiled = [Profiled(subject, name, limits, workers, verbose, active) for name in adapters]
        for each in profiled:
            stack.callback(each.end)
        untimed = [step for each in profiled for step in (each.begin, each.find_kernels)]
        active.for_each(untimed, lambda step: step(), AT_ONCE)
        for each in profiled:
            tick(each.name)
            each.warm_up()
        for _ in range(rounds):
            for each in shuffled(profiled, generator):
                tick(each.name)
                each.take_turns(generator)
        return [each.profile() for each in profiled]


def training_turns(
    subject: Subject, adapters: Sequence[str], limits: Limits, rounds: int, tick: Callable[[str], None]
) -> dict[str, list[float]]:
    """Seconds of an update in turns like those of training, in processes that do nothing else, by adapter."""
    candidates = [
        Candidate(name=name, adapter=name, threads=limits.threads, device=subject.device) for name in adapters
    ]
    found = time_interleaved(subject.workload, candidates, rounds, tick, timing=TURN)
    return {name: times.seconds_per_update for name, times in found.items()}
