"""One recipe from one seed: every adapter trains on the same images, epoch by epoch in turns."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np
from numpy.random import PCG64, Generator

from adapters.interface import Array
from compare.accuracy.recipes import TASK, TrainingRecipe
from compare.records.accuracy import AccuracyRun, RecipeName
from compare.records.block import Observer
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.turns import shuffled
from compare.runner.worker_process import Limits, WorkerFailed
from compare.runner.workers import FreshWorkers, Workers
from compare.text import slug
from tasks.interface import Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A recipe and a seed, and the adapters that begin there, in processes with these limits.

    `part` is as in `AccuracyRun`, `trial` the number of the trial among those of a choice, 0 outside of one.
    """

    name: RecipeName
    recipe: TrainingRecipe
    seed: int
    adapters: tuple[str, ...]
    limits: Limits
    device: str = "cpu"
    part: int = 0
    trial: int = 0

    def log_name(self, adapter: str) -> str:
        """The file that keeps what an adapter's worker wrote."""
        recipe = f"{self.name}-trial-{self.trial}" if self.trial else self.name
        return f"{recipe}-{slug(adapter)}-{self.seed}.log"


def train_in_turns(
    start: Start, dataset: Dataset, observer: Observer, workers: Workers | None = None
) -> list[AccuracyRun]:
    """What each adapter comes to on the held-out images, which are looked at once, after all training.

    Images are changed once an epoch, for all adapters, and by no worker: no clock runs. An adapter that fails
    takes no more turns. An interrupt ends all workers, which are new ones unless others lend them.
    """
    recipe, turns = start.recipe, Generator(PCG64(start.seed))
    count = len(dataset.inputs)
    with ExitStack() as stack:
        lender = workers or FreshWorkers()
        learners = [
            _Learner(adapter, start, count // TASK.batch_size, lender, stack) for adapter in start.adapters
        ]
        for epoch in range(recipe.epochs):
            images = recipe.images(dataset.inputs, start.seed, epoch)
            changed = epoch == 0 or recipe.augmentation is not None
            batches = TASK.batches(count, start.seed, epoch)
            for learner in shuffled(learners, turns):
                learner.train(images if changed else None, dataset.targets, batches)
                observer.turn(learner.adapter)
        runs = [learner.judged(dataset) for learner in learners]
        for learner in learners:
            observer.keep_log(start.log_name(learner.adapter), learner.log)
        return runs


class _Learner:
    """One adapter's process, and what it has done; a failure is kept, and nothing is done after it."""

    def __init__(self, adapter: str, start: Start, batches: int, workers: Workers, stack: ExitStack) -> None:
        self.adapter, self._start = adapter, start
        self._remote: RemoteAdapter | None = None
        self._failure: WorkerFailed | None = None
        self._seconds: list[float] = []
        self._losses: list[float] = []
        try:
            remote = workers.lend(adapter, 0, start.limits, start.device)
            stack.callback(workers.take_back, remote, 0)
            self._remote = remote
            remote.construct(TASK.model, start.recipe.train(batches), TASK.initial_parameters(start.seed))
        except WorkerFailed as failure:
            self._failure = failure

    def train(self, images: Array | None, labels: Array, batches: Array) -> None:
        """Train one epoch, on new images where there are any."""
        if self._remote is None or self._failure:
            return
        try:
            if images is not None:
                self._remote.load(images, labels)
            training = self._remote.train(batches)
            self._remote.raise_if_diverged(training.losses)
        except WorkerFailed as failure:
            self._failure = failure
            return
        self._seconds.append(training.seconds)
        self._losses.append(float(np.mean(training.losses, dtype=np.float64)))

    def judged(self, dataset: Dataset) -> AccuracyRun:
        """What all of it came to."""
        accuracy = None
        if self._remote is not None and not self._failure:
            try:
                accuracy = TASK.evaluate(self._remote.predict, dataset).metrics["accuracy"]
            except WorkerFailed as failure:
                self._failure = failure
        return AccuracyRun(
            recipe=self._start.name,
            adapter=self.adapter,
            seed=self._start.seed,
            status=self._failure.status if self._failure else "ok",
            error=str(self._failure) if self._failure else None,
            accuracy=accuracy,
            epoch_seconds=self._seconds,
            epoch_losses=self._losses,
            part=self._start.part,
        )

    @property
    def log(self) -> str:
        """All that the worker wrote; empty where none could be started."""
        return self._remote.log_text() if self._remote else ""
