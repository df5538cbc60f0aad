"""Whether adapters train in lockstep on one task: plain data in, a record for each of them out."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from compare.errors import UsageError
from compare.machine.devices import usable_cores
from compare.parity.comparison import parity_result, slope_differences
from compare.parity.finite_differences import Slope, slopes
from compare.parity.probe import STAGES, Observations, ParityInputs, parity_inputs, probe
from compare.records.block import Observer
from compare.records.parity import ParityResult
from compare.runner.task_loading import load_task_data
from compare.runner.worker_process import Limits, WorkerFailed
from compare.runner.workers import ActiveWorkers, Workers
from compare.text import slug
from compare.tolerances import GRADIENT_BAND, UPDATES
from tasks.interface import DataRequest

REFERENCE = "numpy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityCheck:
    """One task and the adapters that are held against each other on it: plain data, to be run anywhere.

    Units: `timeout_seconds` for any one thing that a worker is told to do.
    """

    task: str
    data: DataRequest
    adapters: tuple[str, ...]
    threads: int
    timeout_seconds: float
    memory_limit_bytes: int | None = None
    device: str = "cpu"

    @property
    def turns(self) -> int:
        """Of how many turns an observer hears if nothing fails."""
        return len(self.adapters) * STAGES


def check_parity(check: ParityCheck, observer: Observer, workers: Workers) -> list[ParityResult]:
    """One record an adapter, whatever became of it; as many work at once as the cores have threads for."""
    try:
        data = load_task_data(check.task, check.data)
    except UsageError as error:
        return [
            _without_result(check, name, WorkerFailed("unavailable", str(error))) for name in check.adapters
        ]
    try:
        given = parity_inputs(data, UPDATES)
    except WorkerFailed as failure:
        found = [_without_result(check, name, failure) for name in check.adapters]
    else:
        found = _compared(check, given, _observe(check, given, observer, workers))
    return [replace(proof, dataset=data.dataset.name) for proof in found]


def with_reference(adapters: Iterable[str]) -> tuple[str, ...]:
    """The adapters, the one that they are held against among them."""
    return tuple(dict.fromkeys((REFERENCE, *adapters)))


def at_once(threads: int) -> int:
    """How many workers share the cores: one more than they hold where none waits spinning for a thread."""
    return usable_cores() + 1 if threads == 1 else max(1, usable_cores() // threads)


def reference_among(
    observed: Mapping[str, Observations], expected: Mapping[str, tuple[Slope, ...]]
) -> str | None:
    """NumPy's adapter, or the first, of those whose gradients are right; of all where none are."""
    right = [
        name
        for name, observations in observed.items()
        if max(slope_differences(observations.gradients, expected).values()) <= GRADIENT_BAND
    ]
    candidates = right or list(observed)
    return REFERENCE if REFERENCE in candidates else next(iter(candidates), None)


def _compared(
    check: ParityCheck, given: ParityInputs, found: Mapping[str, Observations | WorkerFailed]
) -> list[ParityResult]:
    expected = slopes(given.task.model, given.first_update, given.parameters, given.inputs, given.targets)
    observed = {name: each for name, each in found.items() if isinstance(each, Observations)}
    reference = reference_among(observed, expected)
    results = []
    for name, each in found.items():
        if isinstance(each, WorkerFailed):
            results.append(_without_result(check, name, each))
        else:
            assert reference is not None
            results.append(parity_result(check.task, name, each, reference, observed[reference], expected))
    return results


def _without_result(check: ParityCheck, adapter: str, failure: WorkerFailed) -> ParityResult:
    return ParityResult(task=check.task, adapter=adapter, status=failure.status, error=str(failure))


def _observe(
    check: ParityCheck, given: ParityInputs, observer: Observer, workers: Workers
) -> dict[str, Observations | WorkerFailed]:
    """What each adapter does, or why it does not; an interrupt ends all workers."""
    limits = Limits(
        threads=check.threads,
        timeout_seconds=check.timeout_seconds,
        memory_bytes=check.memory_limit_bytes,
    )
    active = ActiveWorkers()

    def observe(adapter: str) -> Observations | WorkerFailed:
        try:
            remote = workers.lend(adapter, 0, limits, check.device)
        except WorkerFailed as failure:
            return failure
        active.add(remote)
        try:
            return probe(remote, given, lambda: observer.turn(adapter))
        except WorkerFailed as failure:
            return failure
        finally:
            active.discard(remote)
            workers.take_back(remote, 0)
            observer.keep_log(f"{check.task}-{slug(adapter)}-lockstep.log", remote.log_text())

    with ThreadPoolExecutor(at_once(check.threads)) as pool:
        try:
            return dict(zip(check.adapters, pool.map(observe, check.adapters), strict=True))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            active.close()
            raise
