"""The stage of a run that makes a reference for accuracy, or makes the choice of its recipes again."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rich.progress import Progress

from compare.accuracy.choice import training_part, trial_turns, try_again
from compare.accuracy.recipes import TASK
from compare.accuracy.record import SEEDS, Plan, chosen_recipes, nothing_yet, record
from compare.accuracy.trials import chosen
from compare.cli.progress import LoggingObserver, bar, say
from compare.errors import UsageError
from compare.limits import MOST_EPOCHS, check_in_range
from compare.records.accuracy import Accuracy, AccuracyRun
from compare.records.results import Results
from compare.records.settings import Settings
from compare.runner.task_loading import open_dataset
from compare.runner.worker_process import Limits
from compare.storage.resume import part
from compare.text import number


def check_recipes(settings: Settings) -> None:
    """Raise if the settings do not fit the recipes for accuracy.

    Raises: UsageError.
    """
    if settings.choose:
        given = {"--seeds": settings.seeds, "--epochs": settings.epochs}
        if typed := [option for option, value in given.items() if value is not None]:
            raise UsageError(f"--choose tries recipes as they were tried: leave out {' and '.join(typed)}")
    warm_up = max(chosen(name).warm_up_epochs for name in settings.recipes)
    check_in_range("--epochs", settings.epochs, MOST_EPOCHS, least=warm_up + 1)


def accuracy_beginning(settings: Settings, keys: Mapping[str, str]) -> Accuracy:
    """What is known before anything is trained."""
    dataset = TASK.dataset(keys[TASK.name])
    shown = training_part(dataset) if settings.choose else dataset
    recipes = chosen_recipes(settings.recipes, settings.epochs)
    return nothing_yet(recipes, shown)


def accuracy_stage(
    settings: Settings, keys: Mapping[str, str], results: Results, progress: Progress
) -> Iterator[Results]:
    """The results as they grow, seed by seed."""
    dataset, plan = open_dataset(TASK, keys[TASK.name]), plan_of(settings, part(results))
    known = known_of(results)
    with bar(progress, "accuracy", plan.turns_left(known)) as tick:
        observer = LoggingObserver(settings.out, tick)
        yield from _told(results, record(plan, dataset, observer, known), progress)


def choice_stage(
    settings: Settings, keys: Mapping[str, str], results: Results, progress: Progress
) -> Iterator[Results]:
    """The results as they grow, trial by trial."""
    images, known = training_part(TASK.dataset(keys[TASK.name])), known_of(results)
    adapter, *_ = settings.adapters
    with bar(progress, "trials", trial_turns(known)) as tick:
        observer = LoggingObserver(settings.out, tick)
        tried = try_again(adapter, limits_of(settings), settings.device, images, observer, known)
        yield from _told(results, tried, progress)


def known_of(results: Results) -> Accuracy:
    """What `accuracy_beginning` began, or a stored run holds."""
    assert results.accuracy is not None
    return results.accuracy


def _told(results: Results, grown: Iterator[Accuracy], progress: Progress) -> Iterator[Results]:
    """The results with each stage of what is found, once a line has said what is new in it."""
    told = known_of(results).all_runs
    for found in grown:
        say(progress.console, start_line([run for run in found.all_runs if run not in told]))
        told = found.all_runs
        yield replace(results, accuracy=found)


def plan_of(settings: Settings, part: int) -> Plan:
    """What the settings ask for."""
    return Plan(
        recipes=chosen_recipes(settings.recipes, settings.epochs),
        adapters=settings.adapters,
        seeds=settings.seeds or SEEDS,
        limits=limits_of(settings),
        device=settings.device,
        part=part,
    )


def limits_of(settings: Settings) -> Limits:
    """What a worker may use."""
    return Limits(
        threads=settings.threads,
        timeout_seconds=settings.timeout_seconds or TASK.timeout_seconds,
        memory_bytes=settings.memory_limit_bytes,
    )


def start_line(runs: Sequence[AccuracyRun]) -> str:
    """What came of a seed or a trial."""
    first = runs[0]
    said = "; ".join(
        f"{run.adapter} {run.status}" if run.accuracy is None else f"{run.adapter} {number(run.accuracy, 4)}"
        for run in runs
    )
    return f"{first.recipe}, seed {first.seed}, accuracy in %: {said}"
