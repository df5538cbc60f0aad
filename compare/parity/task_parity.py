"""One task's lockstep: what adapters are given on it, and what is made of what each of them did."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from compare.errors import UsageError
from compare.parity.comparison import parity_result, slope_differences, with_rounding
from compare.parity.finite_differences import Slope, slopes
from compare.parity.probe import STAGES, Observations, parity_inputs
from compare.records.parity import ParityResult
from compare.runner.task_loading import load_task_data, loading_status
from compare.runner.worker_process import WorkerFailed
from compare.tolerances import GRADIENT_BAND, UPDATES
from tasks.interface import DataRequest, TaskReference

REFERENCE = "numpy"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityCheck:
    """One task and the adapters that are held against each other on it: plain data, to be run anywhere.

    `reference` finds the task where that is not its name alone.
    Units: `timeout_seconds` for any one thing that a worker is told to do.
    """

    task: str
    data: DataRequest
    adapters: tuple[str, ...]
    threads: int
    timeout_seconds: float
    memory_limit_bytes: int | None = None
    device: str = "cpu"
    reference: TaskReference | None = None

    @property
    def found_by(self) -> TaskReference:
        """What finds the task."""
        return self.reference or TaskReference(name=self.task)

    @property
    def turns(self) -> int:
        """Of how many turns an observer hears if nothing fails."""
        return len(self.adapters) * STAGES


def with_reference(adapters: Iterable[str]) -> tuple[str, ...]:
    """The adapters, the one that they are held against among them."""
    return tuple(dict.fromkeys((REFERENCE, *adapters)))


def reference_among(observed: Mapping[str, Observations], expected: Mapping[str, tuple[Slope, ...]]) -> str:
    """NumPy's adapter, or the first, of those whose gradients are right; of all where none are."""
    right = [name for name, observations in observed.items() if is_right(observations, expected)]
    candidates = right or list(observed)
    return REFERENCE if REFERENCE in candidates else candidates[0]


def is_right(observations: Observations, expected: Mapping[str, tuple[Slope, ...]]) -> bool:
    """Whether the gradients are those that finite differences have."""
    differences = slope_differences(observations.gradients, expected).values()
    return max(differences, default=math.inf) <= GRADIENT_BAND


class TaskParity:
    """Takes in what adapters did on one task, in any order, and tells each result as soon as it is certain.

    That is at once where the reference is known: NumPy's adapter, once its gradients are found right.
    Otherwise all must have been heard first.
    """

    def __init__(self, check: ParityCheck) -> None:
        """Make ready what every adapter is given.

        Raises: WorkerFailed where the task cannot be used, or its data cannot be had.
        """
        try:
            data = load_task_data(check.found_by, check.data)
        except UsageError as error:
            raise WorkerFailed(loading_status(error), str(error)) from error
        self.check, self.given = check, parity_inputs(data, UPDATES)
        self._dataset = data.dataset.name
        self._expected: dict[str, tuple[Slope, ...]] | None = None
        self._heard: set[str] = set()
        self._observed: dict[str, Observations] = {}
        self._reference: tuple[str, Observations] | None = None

    def results(self, adapter: str, found: Observations | WorkerFailed) -> list[ParityResult]:
        """Those that are certain now that one more adapter has been heard."""
        self._heard.add(adapter)
        certain = []
        if isinstance(found, WorkerFailed):
            certain.append(without_result(self.check.task, adapter, found))
        else:
            self._observed[adapter] = found
        try:
            certain += self._compared()
        except Exception as error:
            failure = WorkerFailed("failed", f"finite differences: {type(error).__name__}: {error}")
            certain += [without_result(self.check.task, name, failure) for name in self._observed]
            self._observed.clear()
        return [replace(result, dataset=self._dataset) for result in certain]

    def _compared(self) -> list[ParityResult]:
        if not self._observed:
            return []
        if self._expected is None:
            given = self.given
            self._expected = slopes(
                given.task.model,
                given.first_update,
                given.parameters,
                given.inputs,
                given.targets,
                given.lengths,
            )
        if self._reference is None:
            candidate = self._observed.get(REFERENCE)
            all_heard = self._heard == set(self.check.adapters)
            if not all_heard and (candidate is None or not is_right(candidate, self._expected)):
                return []
            name = reference_among(self._observed, self._expected)
            self._reference = (name, self._observed[name])
        observed, self._observed = self._observed, {}
        return [
            with_rounding(parity_result(self.check.task, name, each, *self._reference, self._expected), each)
            for name, each in observed.items()
        ]


def without_result(task: str, adapter: str, failure: WorkerFailed) -> ParityResult:
    """The record of an adapter that could not be compared."""
    return ParityResult(task=task, adapter=adapter, status=failure.status, error=str(failure))
