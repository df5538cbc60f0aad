"""Where the time of an update goes: the whole, the cost of calls, and every part, in alternating turns."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from numpy.random import PCG64, Generator, SeedSequence

from compare.benchmarks.interleaved import UpdateTimes, time_interleaved
from compare.benchmarks.profiled import TURN, Profiled, Subject
from compare.benchmarks.timed_worker import Candidate, workload_of
from compare.errors import UsageError
from compare.records.block import Block
from compare.records.profile import Profile
from compare.runner.task_loading import load_task_data
from compare.runner.turns import shuffled
from compare.runner.worker_process import Limits
from compare.runner.workers import ActiveWorkers, Workers

ROUNDS = 5
AT_ONCE = 2
"""How many adapters begin, or say which kernels run, at the same time, before anything is timed."""


def turns(adapters: Sequence[str], rounds: int) -> int:
    """How often `profile_adapters` calls its `tick`."""
    return len(adapters) * (1 + rounds)


def profile_block(
    block: Block, workers: Workers, verbose: Workers, tick: Callable[[str], None]
) -> list[Profile]:
    """A profile of each adapter of a block on its task."""
    try:
        data = load_task_data(block.found_by, block.data)
    except UsageError as error:
        return [without_times(block, adapter, str(error)) for adapter in block.single_adapters]
    subject = Subject(task=block.task, workload=workload_of(data.task, data.dataset))
    limits = Limits(
        threads=block.threads, timeout_seconds=block.timeout_seconds, memory_bytes=block.memory_limit_bytes
    )
    return profile_adapters(subject, block.single_adapters, limits, ROUNDS, workers, verbose, tick)


def without_times(block: Block, adapter: str, error: str) -> Profile:
    """The record of an adapter that could not be profiled."""
    return Profile(task=block.task, adapter=adapter, threads=block.threads, status="failed", error=error)


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
) -> dict[str, UpdateTimes]:
    """Updates in turns like those of training, in processes that do nothing else, by adapter."""
    candidates = [
        Candidate(name=name, adapter=name, threads=limits.threads, device=subject.device) for name in adapters
    ]
    return time_interleaved(subject.workload, candidates, rounds, tick, timing=TURN)
