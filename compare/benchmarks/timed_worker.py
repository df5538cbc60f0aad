"""One adapter, or bare loop, in a worker of its own, ready to train in timed turns."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from adapters.interface import Array, ModelSpec, TrainSpec
from compare.runner.participant import MOST_BATCHES_A_TURN, SETTLE_SECONDS, TURN_SECONDS
from compare.runner.worker_process import WorkerProcess
from tasks.interface import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is trained: any number of batches of `batch` sequences.

    Shapes: inputs (N, T, D); targets as `adapters.validation.check_data` has them.
    """

    model: ModelSpec
    train: TrainSpec
    parameters: Mapping[str, Array]
    inputs: Array
    targets: Array
    batch: int

    @property
    def updates(self) -> int:
        """The updates of one batch."""
        return len(self.train.spans(self.model, self.inputs.shape[1]))

    def batches(self, count: int) -> Array:
        """So many batches in a shuffled order, every sequence as often as any other.

        Shapes: -> (count, B).
        """
        generator = Generator(PCG64(SeedSequence(0)))
        passes = math.ceil(count * self.batch / len(self.inputs))
        order = np.concatenate([generator.permutation(len(self.inputs)) for _ in range(passes)])
        return order[: count * self.batch].reshape(count, self.batch).astype(np.int64)


def work_of(task: Task, data_key: str) -> Work:
    """A task's training, from seed 0."""
    dataset = task.dataset(data_key)
    return Work(
        model=task.model,
        train=task.train,
        parameters=task.initial_parameters(0),
        inputs=dataset.inputs,
        targets=dataset.targets,
        batch=task.batch_size,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A name to show, what `adapters.open_adapter` takes, and the threads of its worker."""

    name: str
    adapter: str
    threads: int


class Pacer:
    """A contender that has loaded its data, warmed up, and knows how many batches fill a turn.

    Raises: WorkerFailed where the worker cannot do the work.
    """

    def __init__(
        self,
        contender: Contender,
        work: Work,
        timeout_seconds: float,
        log: Path,
        memory_limit_bytes: int | None = None,
    ) -> None:
        self.contender = contender
        self._work = work
        self._worker = WorkerProcess(
            contender.adapter, contender.threads, timeout_seconds, log, memory_limit_bytes
        )
        self.seconds_per_update: list[float] = []
        self._import_rss_bytes: int | None = None
        self._turn = work.batches(1)

    def warm_up(self) -> None:
        """Construct, load, train until a turn is long enough for its clock to be trusted."""
        work = self._work
        self._import_rss_bytes = self._worker.call("import_framework").peak_rss_bytes
        self._worker.call("construct", work.model, work.train, dict(work.parameters), "cpu")
        self._worker.call("take", work.inputs, work.targets)
        self._worker.call("load")
        self._train()
        seconds = self._warm_seconds()
        while seconds < TURN_SECONDS and len(self._turn) < MOST_BATCHES_A_TURN:
            growth = min(10.0, max(2.0, 1.2 * TURN_SECONDS / max(seconds, 1e-6)))
            self._turn = work.batches(min(MOST_BATCHES_A_TURN, math.ceil(len(self._turn) * growth)))
            seconds = self._warm_seconds()

    def turn(self) -> None:
        """Train for one timed turn."""
        time.sleep(SETTLE_SECONDS)
        self.seconds_per_update.append(self._train() / (len(self._turn) * self._work.updates))

    @property
    def memory_bytes(self) -> int:
        """The largest resident size so far, above that after the import."""
        return (self._worker.peak_rss_bytes or 0) - (self._import_rss_bytes or 0)

    def leave(self) -> None:
        """End the worker."""
        self._worker.end()

    def _warm_seconds(self) -> float:
        """Timed again where a turn is long enough: the first time may have compiled for its length."""
        seconds = self._train()
        return self._train() if seconds >= TURN_SECONDS else seconds

    def _train(self) -> float:
        return self._worker.call("train", self._turn).seconds
