"""Runs the tutorials' recipes, several workers at once: nothing here is timed."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np
from threadpoolctl import threadpool_limits

from adapters.interface import Array
from compare.records.tutorial import TutorialRun, Tutorials
from compare.runner.worker_process import WorkerFailed, WorkerProcess, expect_array
from compare.text import slug
from compare.tutorials.assignments import Assignment, unfinished
from compare.tutorials.recipe_records import recipe_record, rule_record
from tasks import published
from tasks.interface import Dataset
from tasks.recipes import Recipe
from tasks.tutorials import RECIPES

TIMEOUT_SECONDS = 600.0

Tick = Callable[[str], None]
Put = Callable[[TutorialRun], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use: seconds for any one thing that it is told to do, bytes of resident size."""

    timeout_seconds: float | None = None
    memory_bytes: int | None = None


NO_LIMITS = Limits()


def reproduce(
    jobs: Sequence[Assignment],
    cores: int,
    tick: Tick,
    known: Sequence[TutorialRun] = (),
    limits: Limits = NO_LIMITS,
) -> Iterator[Tutorials]:
    """Run every assignment but for the runs that are known, as many at once as there are cores.

    Yields what there is after each run; `tick` hears of every run that is done, too. An interrupt ends
    all workers.
    """
    keys = {job.recipe: job.data_key for job in jobs if job.recipe in RECIPES}
    datasets = {recipe: RECIPES[recipe].task.dataset(key) for recipe, key in keys.items()}
    finished: SimpleQueue[TutorialRun | Future[None]] = SimpleQueue()

    def perform(job: Assignment, workers: ExitStack) -> None:
        if job.recipe in RECIPES:
            train(job, datasets[job.recipe], finished.put, workers, limits)
        else:
            follow(job, finished.put)

    online, *others = (recipe_record(RECIPES[name], datasets[name]) for name in RECIPES if name in datasets)
    recipes = [online, rule_record(), *others]
    order = [*dict.fromkeys(job.adapter for job in reversed(jobs))]
    runs = [*known]
    left = unfinished(jobs, known)

    def found() -> Tutorials:
        return Tutorials(
            recipes=recipes,
            runs=sorted(runs, key=lambda run: (run.recipe, order.index(run.adapter), run.seed)),
        )

    for run in known:
        tick(run.adapter)
    with (
        ThreadPoolExecutor(cores) as pool,
        ExitStack() as workers,
        ExitStack() as queue,
        threadpool_limits(1, user_api="blas"),
    ):
        queue.callback(pool.shutdown, wait=False, cancel_futures=True)
        running = {pool.submit(perform, job, workers) for job in left}
        for future in running:
            future.add_done_callback(finished.put)
        while running:
            new = finished.get()
            if isinstance(new, Future):
                new.result()
                running.remove(new)
            else:
                runs.append(new)
                tick(new.adapter)
                yield found()
    yield found()


def follow(job: Assignment, put: Put) -> None:
    """Run the published rule."""
    for seed in job.seeds:
        outcome = published.run_as_published(seed)
        put(TutorialRun(recipe=job.recipe, adapter=job.adapter, seed=seed, outcome=outcome))


def train(job: Assignment, dataset: Dataset, put: Put, workers: ExitStack, limits: Limits) -> None:
    """Run one assignment in a worker; the first seed that fails is its last, and its record says why."""
    recipe = RECIPES[job.recipe]
    seed = job.seeds[0]
    try:
        with ExitStack() as stack:
            trainee = Trainee(job, recipe, dataset, limits)
            for whose in (stack, workers):
                whose.callback(trainee.worker.end)
            for seed in job.seeds:
                trainee.begin(seed, job.data_key)
                outcome = recipe.run(trainee, dataset, seed)
                put(TutorialRun(recipe=job.recipe, adapter=job.adapter, seed=seed, outcome=outcome))
    except WorkerFailed as failure:
        status, error = failure.status, str(failure)
        put(TutorialRun(recipe=job.recipe, adapter=job.adapter, seed=seed, status=status, error=error))


class Trainee:
    """An adapter's model in its worker, every answer checked before it is believed."""

    def __init__(self, job: Assignment, recipe: Recipe, dataset: Dataset, limits: Limits) -> None:
        self._task = recipe.task
        self._updates = len(self._task.train.spans(self._task.model, dataset.inputs.shape[1]))
        log = job.logs / f"{job.recipe}-{slug(job.adapter)}.log"
        self.worker = WorkerProcess(
            job.adapter, 1, limits.timeout_seconds or TIMEOUT_SECONDS, log, limits.memory_bytes
        )

    def begin(self, seed: int, data_key: str) -> None:
        """Start afresh from a seed."""
        task = self._task
        self.worker.call("import_framework")
        self.worker.call("construct", task.model, task.train, task.initial_parameters(seed), "cpu")
        self.worker.call("read", task.name, data_key)
        self.worker.call("load")

    def train(self, batches: Array) -> Array:
        return self._checked("train", batches, (len(batches) * self._updates,))

    def predict(self, inputs: Array) -> Array:
        steps = inputs.shape[1:2] if self._task.model.readout == "every" else ()
        return self._checked("predict", inputs, (len(inputs), *steps, self._task.model.outputs))

    def _checked(self, method: str, argument: Array, shape: tuple[int, ...]) -> Array:
        answer = self.worker.call(method, argument).value
        values = expect_array(method, answer, self._task.train.dtype, shape)
        if not np.isfinite(values).all():
            raise WorkerFailed("diverged", f"{method} returned values that are not finite")
        return values
