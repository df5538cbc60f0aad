"""One adapter, or native loop, in a worker of its own, ready to train in timed turns."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from adapters.interface import Array, ModelSpec, TrainSpec
from compare.records.block import Timing
from compare.runner.turns import calibrate
from compare.runner.worker_process import Limits, WorkerFailed
from compare.runner.workers import Workers
from tasks.interface import Dataset, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """What is trained: any number of batches of `batch` sequences.

    Shapes: inputs (N, T, D); targets and lengths as the adapters have them.
    """

    model: ModelSpec
    train: TrainSpec
    parameters: Mapping[str, Array]
    inputs: Array
    targets: Array
    batch: int
    lengths: Array | None = None

    @property
    def updates(self) -> int:
        """The updates of one batch."""
        return len(self.train.spans(self.model, self.inputs.shape[1]))

    def batches(self) -> Iterator[Array]:
        """Batches without an end, in a shuffled order, every sequence as often as any other.

        Shapes: (B,) each.
        """
        generator = Generator(PCG64(SeedSequence(0)))
        waiting = np.empty(0, np.int64)
        for _ in count():
            while len(waiting) < self.batch:
                waiting = np.concatenate([waiting, generator.permutation(len(self.inputs))])
            yield waiting[: self.batch]
            waiting = waiting[self.batch :]


def workload_of(task: Task, dataset: Dataset) -> Workload:
    """A task's training, from seed 0; of data that are loaded as they are needed, the first ones."""
    loaded = slice(dataset.sequences_at_once)
    return Workload(
        model=task.model,
        train=task.train,
        parameters=task.initial_parameters(0),
        inputs=dataset.inputs[loaded],
        targets=dataset.targets[loaded],
        batch=task.batch_size,
        lengths=None if dataset.lengths is None else dataset.lengths[loaded],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A name to show, what `adapters.open_adapter` takes, its threads, and the device, if it declares it.

    `process` is the number of the process that is to be lent: 0 is a new one. Turns are `stretch` times as
    long as others' are.
    """

    name: str
    adapter: str
    threads: int
    device: str = "cpu"
    process: int = 0
    stretch: int = 1


class TimedWorker:
    """A candidate that has loaded its data, warmed up, and knows how many batches fill a turn.

    Raises: WorkerFailed where the worker cannot do the work.
    """

    def __init__(
        self, candidate: Candidate, workload: Workload, limits: Limits, timing: Timing, workers: Workers
    ) -> None:
        self.candidate = candidate
        self.seconds_per_update: list[float] = []
        self.departures: tuple[str, ...] = ()
        self._workload, self._timing = workload, timing
        self._workers = workers
        self._remote = workers.lend(candidate.adapter, candidate.process, limits, candidate.device)
        self._turn: Array = np.empty((0, workload.batch), np.int64)

    def set_up(self) -> None:
        """Construct and load: what comes before `warm_up`."""
        workload = self._workload
        self._remote.construct(workload.model, workload.train, workload.parameters)
        self._remote.load(workload.inputs, workload.targets, workload.lengths)

    def warm_up(self) -> None:
        """Train until a turn is long enough for its clock to be trusted.

        Raises: WorkerFailed where the worker is not what it was asked to be, so that no speed is comparable.
        """
        self._turn = calibrate(self._workload.batches(), self._train_seconds, self._timing)
        departures = self._remote.facts().departures
        if lasting := [departure.found for departure in departures if not departure.comparable]:
            raise WorkerFailed("failed", f"not comparable: {'; '.join(lasting)}")
        self.departures = tuple(departure.found for departure in departures)

    def take_turn(self) -> None:
        """Train for one timed turn."""
        time.sleep(self._timing.settle_seconds)
        seconds = self._train_seconds(self._turn)
        self.seconds_per_update.append(seconds / (len(self._turn) * self._workload.updates))

    def gpu_kernels_per_update(self) -> float | None:
        """How many kernels a GPU runs for an update, which is not timed; None on the CPU."""
        return None if self.device == "cpu" else self._remote.gpu_kernels_per_update(self._turn[:1])

    @property
    def device(self) -> str:
        """Where it trains."""
        return self._remote.device

    @property
    def memory_bytes(self) -> int:
        """The largest resident size so far, above that after the import."""
        return self._remote.growth_bytes

    def end(self) -> None:
        """End the worker."""
        self._workers.take_back(self._remote, self.candidate.process)

    def _train_seconds(self, batches: Array) -> float:
        """The seconds that the worker says it trained for: above 0, and no more than have passed here."""
        begin = time.perf_counter()
        seconds = self._remote.train_seconds(batches)
        passed = time.perf_counter() - begin
        if not 0 < seconds <= passed:
            raise WorkerFailed(
                "failed", f"train: the worker's clock says {seconds:g} s, here {passed:g} s passed"
            )
        return seconds
