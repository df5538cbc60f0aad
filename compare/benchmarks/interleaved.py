"""Candidates on one workload, all alive at once, in alternating turns."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from numpy.random import PCG64, Generator, SeedSequence

from compare.benchmarks.timed_worker import Candidate, TimedWorker, Workload
from compare.records.block import TIMING, Timing
from compare.records.run import Status
from compare.runner.turns import shuffled
from compare.runner.worker_process import Limits, WorkerFailed
from compare.runner.workers import FreshWorkers, Workers

TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTimes:
    """What a candidate took for an update, round by round, or why it took no part; what was not as asked.

    Units: `memory_bytes` is the largest resident size above that after the import; `gpu_kernels` of one
    update.
    """

    name: str
    seconds_per_update: list[float]
    memory_bytes: int = 0
    status: Status = "ok"
    error: str | None = None
    departures: tuple[str, ...] = ()
    device: str = "cpu"
    gpu_kernels: float | None = None


def time_interleaved(
    workload: Workload,
    candidates: Sequence[Candidate],
    rounds: int,
    tick: Callable[[str], None],
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
    memory_limit_bytes: int | None = None,
    timing: Timing = TIMING,
    workers: Workers | None = None,
) -> dict[str, UpdateTimes]:
    """By name, what each took; turns come in an order shuffled anew each round, `tick` hears of each.

    A candidate whose worker fails takes no further part. Workers are new ones unless others lend them.
    """
    generator = Generator(PCG64(SeedSequence(0)))
    failed: dict[str, UpdateTimes] = {}
    with ExitStack() as stack:
        running: list[TimedWorker] = []
        for candidate in candidates:
            tick(candidate.name)
            limits = Limits(
                threads=candidate.threads, timeout_seconds=timeout_seconds, memory_bytes=memory_limit_bytes
            )
            try:
                own = replace(timing, turn_seconds=candidate.stretch * timing.turn_seconds)
                worker = TimedWorker(candidate, workload, limits, own, workers or FreshWorkers())
            except WorkerFailed as failure:
                failed[candidate.name] = _failed(candidate, failure)
                continue
            stack.callback(worker.end)
            try:
                worker.set_up()
                worker.warm_up()
                running.append(worker)
            except WorkerFailed as failure:
                worker.end()
                failed[candidate.name] = _failed(candidate, failure)
        for _ in range(rounds):
            for worker in shuffled(running, generator):
                tick(worker.candidate.name)
                if worker.candidate.name in failed:
                    continue
                try:
                    worker.take_turn()
                except WorkerFailed as failure:
                    worker.end()
                    failed[worker.candidate.name] = _failed(worker.candidate, failure)
        finished = [worker for worker in running if worker.candidate.name not in failed]
        return failed | {worker.candidate.name: _times(worker) for worker in finished}


def _times(worker: TimedWorker) -> UpdateTimes:
    try:
        gpu_kernels = worker.gpu_kernels_per_update()
    except WorkerFailed as failure:
        return _failed(worker.candidate, failure)
    return UpdateTimes(
        name=worker.candidate.name,
        seconds_per_update=worker.seconds_per_update,
        memory_bytes=worker.memory_bytes,
        departures=worker.departures,
        device=worker.device,
        gpu_kernels=gpu_kernels,
    )


def _failed(candidate: Candidate, failure: WorkerFailed) -> UpdateTimes:
    return UpdateTimes(name=candidate.name, seconds_per_update=[], status=failure.status, error=str(failure))
