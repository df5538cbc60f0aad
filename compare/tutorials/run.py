"""Runs the tutorials' recipes, several workers at once: nothing here is timed."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from adapters.interface import Array
from compare.records.block import Observer
from compare.records.tutorial import TutorialRun, Tutorials
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits, WorkerFailed
from compare.runner.workers import ActiveWorkers, Workers
from compare.text import slug
from compare.tutorials.assignments import Assignment, unfinished
from compare.tutorials.recipe_records import recipe_record, rule_record
from tasks import published
from tasks.interface import Dataset, TaskReference
from tasks.tutorials import RECIPES

TIMEOUT_SECONDS = 600.0

PROCESS = 1
"""The number of the process that an adapter has here: one that may have done other work."""

Put = Callable[[TutorialRun], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """What the user lets a worker have, None being no limit of the user's.

    Units: seconds for any one thing that it is told to do, bytes of resident size.
    """

    timeout_seconds: float | None = None
    memory_bytes: int | None = None

    @property
    def of_one_thread(self) -> Limits:
        seconds = self.timeout_seconds or TIMEOUT_SECONDS
        return Limits(threads=1, timeout_seconds=seconds, memory_bytes=self.memory_bytes)


NO_LIMITS = WorkerLimits()


def reproduce(
    jobs: Sequence[Assignment],
    cores: int,
    observer: Observer,
    workers: Workers,
    known: Sequence[TutorialRun] = (),
    limits: WorkerLimits = NO_LIMITS,
) -> Iterator[Tutorials]:
    """Run every assignment but for the runs that are known, as many at once as there are cores.

    Yields what there is after each run; the observer hears of every run that is done, too. An interrupt
    ends all workers.
    """
    keys = {job.recipe: job.data_key for job in jobs if job.recipe in RECIPES}
    datasets = {recipe: RECIPES[recipe].task.dataset(key) for recipe, key in keys.items()}
    active = ActiveWorkers()

    def perform(job: Assignment, put: Put) -> None:
        if job.recipe in RECIPES:
            train(job, datasets[job.recipe], put, workers, active, limits.of_one_thread, observer)
        else:
            follow(job, put)

    online, *others = (recipe_record(RECIPES[name], datasets[name]) for name in RECIPES if name in datasets)
    recipes = [online, rule_record(), *others]
    order = [*dict.fromkeys(job.adapter for job in reversed(jobs))]
    runs = [*known]

    def found() -> Tutorials:
        return Tutorials(
            recipes=recipes,
            runs=sorted(runs, key=lambda run: (run.recipe, order.index(run.adapter), run.seed)),
        )

    for run in known:
        observer.turn(run.adapter)
    with threadpool_limits(1, user_api="blas"):
        for run in active.gather(unfinished(jobs, known), perform, cores):
            runs.append(run)
            observer.turn(run.adapter)
            yield found()
    yield found()


def follow(job: Assignment, put: Put) -> None:
    """Run the published rule."""
    for seed in job.seeds:
        outcome = published.run_as_published(seed)
        put(TutorialRun(recipe=job.recipe, adapter=job.adapter, seed=seed, outcome=outcome))


def train(
    job: Assignment,
    dataset: Dataset,
    put: Put,
    workers: Workers,
    active: ActiveWorkers,
    limits: Limits,
    observer: Observer,
) -> None:
    """Run one assignment in a worker; the first seed that fails is its last, and its record says why."""
    recipe = RECIPES[job.recipe]
    task, time_steps = recipe.task, dataset.inputs.shape[1]
    seed = job.seeds[0]
    try:
        with ExitStack() as stack:
            remote = workers.lend(job.adapter, PROCESS, limits, "cpu")
            stack.callback(
                lambda: observer.keep_log(f"{job.recipe}-{slug(job.adapter)}.log", remote.log_text())
            )
            stack.callback(workers.take_back, remote, PROCESS)
            active.add(remote)
            stack.callback(active.discard, remote)
            for seed in job.seeds:
                remote.construct(task.model, task.train, task.initial_parameters(seed))
                remote.load_task(TaskReference(name=task.name), job.data_key, time_steps)
                outcome = recipe.run(_RemoteModel(remote), dataset, seed)
                put(TutorialRun(recipe=job.recipe, adapter=job.adapter, seed=seed, outcome=outcome))
    except WorkerFailed as failure:
        status, error = failure.status, str(failure)
        put(TutorialRun(recipe=job.recipe, adapter=job.adapter, seed=seed, status=status, error=error))


@dataclass(frozen=True, slots=True)
class _RemoteModel:
    """A model as recipes train it: losses that are all finite, and predictions."""

    remote: RemoteAdapter

    def train(self, batches: Array) -> Array:
        losses = self.remote.train(batches).losses
        self.remote.raise_if_diverged(losses)
        return losses

    def predict(self, inputs: Array, lengths: Array | None = None) -> Array:
        return self.remote.predict(inputs, lengths)
