"""Where the time of an update goes: the whole, the cost of calls, and every part, in alternating turns."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from adapters.parameters import draw, normal, shapes
from adapters.work import Work
from compare.benchmarks.timed_worker import Candidate, TimedWorker, Workload
from compare.benchmarks.update_work import PARTS, operations, smallest
from compare.records.block import Timing
from compare.records.profile import Profile
from compare.records.run import ProductRate
from compare.runner.matrix_rate import matrix_size
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.turns import shuffled
from compare.runner.worker_process import Limits, WorkerFailed
from compare.runner.workers import Workers

ROUNDS = 7
PART_SECONDS = 0.0015
"""How long a part is repeated to be timed once."""

TURN = Timing(turn_seconds=0.1, settle_seconds=0.03, product_seconds=0.1)
AT_ONCE = 2
"""How many frameworks are imported at the same time, before anything is timed."""

DENORMAL_SHARE = 1e-3
"""From which share of all numbers on a warning says that they are denormal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is profiled: a task's training."""

    task: str
    workload: Workload
    device: str = "cpu"


def turns(adapters: Sequence[str], rounds: int) -> int:
    """How often `profile_adapters` calls its `tick`."""
    return len(adapters) * (1 + rounds)


def profile_adapters(
    subject: Subject,
    adapters: Sequence[str],
    limits: Limits,
    rounds: int,
    workers: Workers,
    tick: Callable[[str], None],
) -> list[Profile]:
    """A profile of each adapter, its kernels not among it; one that fails has its reason, and no times.

    Each has two processes: in one the task's model is trained, in the other a vanishing one, beside which
    the parts are timed. Turns come in an order shuffled anew each round.
    """
    generator = Generator(PCG64(SeedSequence(0)))
    with ExitStack() as stack:
        profiled = [Profiled(subject, name, limits, workers) for name in adapters]
        for each in profiled:
            stack.callback(each.end)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(Profiled.start, profiled))
        for each in profiled:
            tick(each.name)
            each.prepare()
        for _ in range(rounds):
            for each in shuffled(profiled, generator):
                tick(each.name)
                each.take_turns()
        return [each.profile() for each in profiled]


def vanishing(workload: Workload) -> Workload:
    """The same training of one hidden unit on one sequence of as many steps."""
    model = replace(workload.model, hidden=1)
    parameters = draw(model, 0, dict.fromkeys(shapes(model), normal(0.05)))
    return replace(workload, model=model, parameters=parameters, batch=1)


class Profiled:
    """One adapter's processes, and what was timed of them so far; a failure ends its part."""

    def __init__(self, subject: Subject, name: str, limits: Limits, workers: Workers) -> None:
        self.name = name
        self._subject, self._limits, self._workers = subject, limits, workers
        self._lent: list[RemoteAdapter] = []
        self._error: str | None = None
        self._rate: ProductRate | None = None
        self._warnings: list[str] = []
        self._works = {part: counted(subject.workload) for part, counted in PARTS.items()}
        occurring = [work for counted in self._works.values() for work, times in counted.items() if times]
        self._timed = list(dict.fromkeys(each for work in occurring for each in (work, smallest(work))))
        self._parts: list[dict[Work, float]] = []

    def start(self) -> None:
        """Have both processes import the framework."""
        try:
            for number in (1, 2):
                remote = self._workers.lend(self.name, number, self._limits, self._subject.device)
                self._lent.append(remote)
                remote.import_framework()
        except WorkerFailed as failure:
            self._error = str(failure)

    def prepare(self) -> None:
        """Construct, load, and train until everything is warm."""
        if self._error is None:
            self._guard(self._prepare)

    def take_turns(self) -> None:
        """A turn of the task's model, one of the vanishing one, and one of every part."""
        if self._error is None:
            self._guard(self._take_turns)

    def _prepare(self) -> None:
        workload = self._subject.workload
        whole, beside = self._lent
        threads = self._limits.threads
        candidate = Candidate(name=self.name, adapter=self.name, threads=threads)
        self._whole = TimedWorker(candidate, workload, self._limits, TURN, whole)
        self._calls = TimedWorker(candidate, vanishing(workload), self._limits, TURN, beside)
        self._whole.warm_up()
        self._calls.warm_up()
        beside.seconds_alone(self._timed, PART_SECONDS)
        self._rate = beside.product_rate(matrix_size(threads), TURN.product_seconds)

    def _take_turns(self) -> None:
        self._whole.take_turn()
        self._calls.take_turn()
        time.sleep(TURN.settle_seconds)
        seconds = self._lent[1].seconds_alone(self._timed, PART_SECONDS)
        if seconds is not None:
            self._parts.append(dict(zip(self._timed, seconds, strict=True)))

    def _guard(self, step: Callable[[], None]) -> None:
        try:
            step()
        except WorkerFailed as failure:
            self._error = str(failure)

    def profile(self) -> Profile:
        """What came of it."""
        subject = self._subject
        found = Profile(
            task=subject.task,
            adapter=self.name,
            threads=self._limits.threads,
            operations=operations(subject.workload) if subject.workload.train.dtype == "float32" else 0,
            error=self._error,
        )
        if self._error is not None:
            return found
        self._guard(self._look_at_numbers)
        parts: Any = {part: [self._net(part, seconds) for seconds in self._parts] for part in PARTS}
        return replace(
            found,
            whole=self._whole.seconds_per_update,
            calls=self._calls.seconds_per_update,
            product_rate=self._rate,
            warnings=self._warnings,
            **parts,
        )

    def _net(self, part: str, seconds: dict[Work, float]) -> float:
        """What a part of an update takes above what its calls cost."""
        each = self._works[part].items()
        total = sum(times * (seconds[work] - seconds[smallest(work)]) for work, times in each if times)
        return total / self._subject.workload.updates

    def _look_at_numbers(self) -> None:
        state = self._lent[0].state() or self._lent[0].parameters()
        share = denormal_share([value for value in state.values() if value.dtype.kind == "f"])
        if share > DENORMAL_SHARE:
            self._warnings.append(
                f"{share:.1%} of the numbers that training works on are denormal, with which processors "
                "compute many times more slowly"
            )

    def end(self) -> None:
        """Give the processes back."""
        for number, remote in enumerate(self._lent, 1):
            if self._error is not None:
                remote.end()
            self._workers.take_back(remote, number)


def denormal_share(arrays: Sequence[np.ndarray]) -> float:
    """Which share of all numbers lies between 0 and the smallest that a dtype holds in full."""
    denormal = sum(int(((value != 0) & (abs(value) < np.finfo(value.dtype).tiny)).sum()) for value in arrays)
    return denormal / max(1, sum(value.size for value in arrays))
