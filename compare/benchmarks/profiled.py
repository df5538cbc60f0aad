"""One adapter whose updates are profiled: its processes, and what was found of them so far."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import Generator

from adapters.parameters import draw, normal, shapes
from adapters.work import Work
from compare.benchmarks.kernels import KernelsFound, find_kernels
from compare.benchmarks.timed_worker import Candidate, TimedWorker, Workload
from compare.benchmarks.update_work import PARTS, operations, parts_of, smallest
from compare.machine.devices import device_of
from compare.records.block import Timing
from compare.records.profile import Profile
from compare.records.run import ProductRate
from compare.runner.matrix_rate import matrix_size
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.turns import shuffled
from compare.runner.worker_process import Limits, WorkerFailed
from compare.runner.workers import ActiveWorkers, FreshWorkers, Workers

PART_SECONDS = 0.0015
"""How long a part is repeated to be timed once."""

TURN = Timing(turn_seconds=0.1, settle_seconds=0.03, product_seconds=0.1)
DENORMAL_SHARE = 1e-3
"""From which share of all numbers on a warning says that they are denormal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is profiled: a task's training."""

    task: str
    workload: Workload
    device: str = "cpu"


def vanishing(workload: Workload) -> Workload:
    """The same training of two hidden units on one sequence of as many steps."""
    model = replace(workload.model, hidden=2)
    parameters = draw(model, 0, dict.fromkeys(shapes(model), normal(0.05)))
    return replace(workload, model=model, parameters=parameters, batch=1)


class Held(FreshWorkers):
    """One process, which somebody else has begun and ends."""

    def __init__(self, remote: RemoteAdapter) -> None:
        self._remote = remote

    def lend(self, adapter: str, number: int, limits: Limits, device: str) -> RemoteAdapter:
        return self._remote

    def take_back(self, remote: RemoteAdapter, number: int) -> None:
        pass


class Profiled:
    """One adapter's processes, and what was found of them so far; a failure ends its part."""

    def __init__(
        self,
        subject: Subject,
        name: str,
        limits: Limits,
        workers: Workers,
        verbose: Workers,
        active: ActiveWorkers,
    ) -> None:
        self.name = name
        self._subject, self._limits, self._active = subject, limits, active
        self._workers, self._verbose = workers, verbose
        self._lent: list[RemoteAdapter] = []
        self._failure: WorkerFailed | None = None
        self._kernels = KernelsFound()
        self._rate: ProductRate | None = None
        self._device = device_of(name, subject.device)
        self._parts: list[dict[Work, float]] = []

    def begin(self) -> None:
        """Have both processes construct their model, and one make every part once."""
        self._guard(self._begin)

    def find_kernels(self) -> None:
        """Have a third process say what runs."""
        self._kernels = find_kernels(
            self._subject.workload, self.name, self._limits, self._verbose, self._active, self._subject.device
        )

    def warm_up(self) -> None:
        """Train until a turn is long enough; the same of every part."""
        self._guard(self._warm_up)

    def take_turns(self, generator: Generator) -> None:
        """A turn of the task's model, one of the vanishing one, and one of every part, in any order."""
        for turn in shuffled([self._train, self._train_vanishing, self._time_parts], generator):
            self._guard(turn)

    def _begin(self) -> None:
        for number in (1, 2):
            remote = self._workers.lend(self.name, number, self._limits, self._subject.device)
            self._lent.append(remote)
            self._active.add(remote)
        subject, (whole, beside) = self._subject, self._lent
        candidate = Candidate(
            name=self.name, adapter=self.name, threads=self._limits.threads, device=subject.device
        )
        self._whole = TimedWorker(candidate, subject.workload, self._limits, TURN, Held(whole))
        self._calls = TimedWorker(candidate, vanishing(subject.workload), self._limits, TURN, Held(beside))
        self._whole.set_up()
        self._calls.set_up()
        self._works = parts_of(subject.workload, self._device, whole.shares(subject.workload.batch))
        occurring = [work for counted in self._works.values() for work, times in counted.items() if times]
        self._timed = list(dict.fromkeys(each for work in occurring for each in (work, smallest(work))))
        beside.seconds_alone(self._timed, 0.0)

    def _warm_up(self) -> None:
        self._whole.warm_up()
        self._calls.warm_up()
        beside = self._lent[1]
        beside.seconds_alone(self._timed, PART_SECONDS)
        if self._device == "cpu":
            self._rate = beside.product_rate(matrix_size(self._limits.threads), TURN.product_seconds)

    def _train(self) -> None:
        self._whole.take_turn()

    def _train_vanishing(self) -> None:
        self._calls.take_turn()

    def _time_parts(self) -> None:
        time.sleep(TURN.settle_seconds)
        seconds = self._lent[1].seconds_alone(self._timed, PART_SECONDS)
        if seconds is not None:
            self._parts.append(dict(zip(self._timed, seconds, strict=True)))

    def _guard(self, step: Callable[[], None]) -> None:
        if self._failure is None:
            try:
                step()
            except WorkerFailed as failure:
                self._failure = failure

    def profile(self) -> Profile:
        """What came of it."""
        workload, found = self._subject.workload, self._kernels
        warnings = [*found.warnings, *self._denormals()]
        profile = Profile(
            task=self._subject.task,
            adapter=self.name,
            threads=self._limits.threads,
            device=self._device,
            operations=operations(workload) if workload.train.dtype == "float32" else 0,
            kernels=found.kernels,
            libraries=found.libraries,
            warnings=warnings,
            kernels_error=found.error,
        )
        if self._failure is not None:
            return replace(profile, status=self._failure.status, error=str(self._failure))
        parts: Any = {part: [self._net(part, seconds) for seconds in self._parts] for part in PARTS}
        return replace(
            profile,
            whole=self._whole.seconds_per_update,
            calls=self._calls.seconds_per_update,
            product_rate=self._rate,
            **parts,
        )

    def _denormals(self) -> list[str]:
        """A warning where training, as long as it has been timed, has left many."""
        if self._failure is not None:
            return []
        try:
            state = self._lent[0].state() or self._lent[0].parameters()
        except WorkerFailed as failure:
            self._failure = failure
            return []
        share = denormal_share([value for value in state.values() if value.dtype.kind == "f"])
        if share <= DENORMAL_SHARE:
            return []
        return [
            f"{share:.1%} of the numbers that training works on are denormal, with which processors compute "
            "many times more slowly"
        ]

    def _net(self, part: str, seconds: dict[Work, float]) -> float:
        """What a part of an update takes above what its calls cost, where it takes more."""
        each = self._works[part].items()
        above = sum(times * (seconds[work] - seconds[smallest(work)]) for work, times in each if times)
        return max(0.0, above) / self._subject.workload.updates

    def end(self) -> None:
        """Give the processes back."""
        for number, remote in enumerate(self._lent, 1):
            if self._failure is not None:
                remote.end()
            self._active.discard(remote)
            self._workers.take_back(remote, number)


def denormal_share(arrays: Sequence[np.ndarray]) -> float:
    """Which share of all numbers lies between 0 and the smallest that a dtype holds in full."""
    denormal = sum(int(((value != 0) & (abs(value) < np.finfo(value.dtype).tiny)).sum()) for value in arrays)
    return denormal / max(1, sum(value.size for value in arrays))
