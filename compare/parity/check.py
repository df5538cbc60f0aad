"""Whether adapters train in lockstep on whole tasks, in processes that go from one to the next."""

from collections.abc import Callable, Iterator, Sequence

from compare.machine.devices import usable_cores
from compare.parity.probe import Observations, probe
from compare.parity.task_parity import ParityCheck, TaskParity, without_result
from compare.records.block import Observer
from compare.records.parity import ParityResult
from compare.runner.worker_process import Limits, WorkerFailed
from compare.runner.workers import ActiveWorkers, Workers
from compare.text import slug

PROCESS = 1
"""The number of the process that an adapter has here: one that may have done other work."""

_Heard = tuple[TaskParity, str, Observations | WorkerFailed]


def check_parity(
    checks: Sequence[ParityCheck], observer: Observer, workers: Workers
) -> Iterator[ParityResult]:
    """A record for each adapter on each task, whatever became of it, as soon as it is known.

    As many adapters work at once as the cores have threads for, each on one task after the other. An
    interrupt ends all workers.
    """
    tasks: list[TaskParity] = []
    for check in checks:
        try:
            tasks.append(TaskParity(check))
        except WorkerFailed as failure:
            yield from (without_result(check.task, name, failure) for name in check.adapters)
    active = ActiveWorkers()

    def observe_all(adapter: str, put: Callable[[_Heard], None]) -> None:
        for task in tasks:
            if adapter in task.check.adapters and not active.closed:
                put((task, adapter, _observe(task, adapter, observer, workers, active)))

    adapters = dict.fromkeys(name for task in tasks for name in task.check.adapters)
    threads = max((check.threads for check in checks), default=1)
    for task, adapter, found in active.gather(adapters, observe_all, at_once(threads)):
        yield from task.results(adapter, found)


def at_once(threads: int) -> int:
    """How many workers share the cores: one more than they hold where none waits spinning for a thread."""
    return usable_cores() + 1 if threads == 1 else max(1, usable_cores() // threads)


def _observe(
    task: TaskParity, adapter: str, observer: Observer, workers: Workers, active: ActiveWorkers
) -> Observations | WorkerFailed:
    """What an adapter does on a task, or why it does not."""
    check = task.check
    limits = Limits(
        threads=check.threads,
        timeout_seconds=check.timeout_seconds,
        memory_bytes=check.memory_limit_bytes,
    )
    try:
        remote = workers.lend(adapter, PROCESS, limits, check.device)
    except WorkerFailed as failure:
        return failure
    active.add(remote)
    try:
        return probe(remote, task.given, lambda: observer.turn(adapter))
    except WorkerFailed as failure:
        return failure
    finally:
        active.discard(remote)
        workers.take_back(remote, PROCESS)
        observer.keep_log(f"{slug(check.task)}-{slug(adapter)}-lockstep.log", remote.log_text())
