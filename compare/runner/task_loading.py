"""Tasks by their names, and their data, found fit for use before anything is trained on them."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast, get_args

import msgspec

from adapters.entry_points import NameTaken
from compare.errors import UsageError
from compare.jobs.opening import check_task_name, find_task, reference_of
from compare.limits import LONGEST_TIMEOUT_SECONDS, MOST_EPOCHS, MOST_SEEDS
from compare.records.run import Status
from compare.runner.checked_task import require_batches
from compare.runner.data_checks import check_dataset
from tasks import TaskBroken
from tasks import registered as registered_tasks
from tasks.interface import (
    DataChoice,
    DataRequest,
    Dataset,
    DataUnavailable,
    Metric,
    Preset,
    Task,
    TaskReference,
)


class TaskError(UsageError):
    """A task that is there, and does not do what a task must."""


def open_task(reference: TaskReference) -> Task:
    """The task that this finds, the data of a job made ready.

    Raises: UsageError with the near matches, or TaskError with the reason why a task cannot be used.
    """
    if reference.text is None:
        check_task_name(reference.name)
    try:
        return find_task(reference)
    except (NameTaken, TaskBroken) as error:
        raise _broken(str(error)) from error


def data_key(task: Task, request: DataRequest) -> str:
    """Make a task's data ready; return the key that its `dataset` takes.

    Raises: UsageError where they cannot be had.
    """
    with _as_usage_error(task):
        return task.prepare(request)


def open_dataset(task: Task, key: str) -> Dataset:
    """A task's data, once they and all that is asked of the task are found to fit its specs.

    Raises: TaskError that names the task and what is wrong with it; UsageError where data cannot be had.
    """
    with _as_usage_error(task):
        dataset = task.dataset(key)
        check_dataset(task.model, task.train, dataset)
        task.initial_parameters(seed=0)
        if not task.metrics:
            raise ValueError("metrics is empty: name one at least")
        for metric in task.metrics:
            for name, value in (("target", metric.target or 0.0), ("naive", metric.naive or 0.0)):
                if not math.isfinite(value):
                    raise ValueError(f"{name} of {metric.name} is {value}: it must be a finite number")
        msgspec.json.decode(msgspec.json.encode(task.metrics), type=tuple[Metric, ...])
        if not 1 <= task.batch_size <= len(dataset.inputs):
            raise ValueError(
                f"batch_size is {task.batch_size}: there are {len(dataset.inputs)} sequences to take it from"
            )
        if not 0 < task.timeout_seconds <= LONGEST_TIMEOUT_SECONDS:
            raise ValueError(f"timeout_seconds is {task.timeout_seconds}: it must lie above 0")
        if missing := [name for name in ("summary", "source") if not isinstance(getattr(task, name), str)]:
            raise ValueError(f"{missing[0]} is no text")
        require_batches(task, task.batches(len(dataset.inputs), seed=0, epoch=0), len(dataset.inputs))
    return dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskData:
    """A task, what it is found by elsewhere, the key of its data, and the data."""

    task: Task
    reference: TaskReference
    key: str
    dataset: Dataset


def load_task_data(reference: TaskReference, request: DataRequest) -> TaskData:
    """The task that this finds with its data, made ready on this machine.

    Raises: UsageError where there is no such task, or its data cannot be had; TaskError where they do not
    fit it.
    """
    task = open_task(reference)
    key = data_key(task, request)
    return TaskData(
        task=task, reference=reference_of(task, reference), key=key, dataset=open_dataset(task, key)
    )


def loading_status(error: UsageError) -> Status:
    """What becomes of the adapters where a task or its data could not be loaded."""
    return "failed" if isinstance(error, TaskError) else "unavailable"


def settled(request: DataRequest, key: str) -> DataRequest:
    """The request for the data that were found, whatever another machine would find."""
    if key not in get_args(DataChoice):
        return request
    archives = None if key == "digits" else request.mnist_archives
    return DataRequest(choice=cast(DataChoice, key), mnist_archives=archives and archives.absolute())


def tasks_of_all(preset: Preset) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tasks that `all` takes in a preset, and those that it leaves out.

    Raises: UsageError where one cannot be used.
    """
    taken: dict[bool, list[str]] = {True: [], False: []}
    for name in registered_tasks():
        taken[preset in open_task(TaskReference(name=name)).presets_of_all].append(name)
    return tuple(taken[True]), tuple(taken[False])


def seeds_of(task: Task, preset: Preset) -> int:
    """From how many seeds a preset trains a task.

    Raises: UsageError where that is no number of seeds.
    """
    with _as_usage_error(task):
        return _number("seeds", task.seeds(preset), MOST_SEEDS)


def epochs_of(task: Task, preset: Preset, key: str) -> int:
    """For how many epochs a preset trains a task on the data of this key.

    Raises: UsageError where that is no number of epochs.
    """
    with _as_usage_error(task):
        return _number("epochs", task.epochs(preset, key), MOST_EPOCHS)


def _number(name: str, value: int, most: int) -> int:
    if not (isinstance(value, int) and 1 <= value <= most):
        raise ValueError(f"{name} is {value!r}: it must be a whole number between 1 and {most:,}")
    return value


@contextmanager
def _as_usage_error(task: Task) -> Iterator[None]:
    """Whatever goes wrong in here is the task's fault, and one line says so."""
    try:
        yield
    except UsageError:
        raise
    except DataUnavailable as error:
        raise UsageError(str(error)) from error
    except Exception as error:
        raise _broken(f"task {task.name!r}: {_said(error)}") from error


def _broken(reason: str) -> TaskError:
    return TaskError(f"{reason}; to go on without it, name the others: run TASK …, or check --tasks TASK,…")


def _said(error: Exception) -> str:
    """In one line; a ValueError says by itself what is wrong."""
    text = " ".join(str(error).split())
    return text if isinstance(error, ValueError) and text else f"{type(error).__name__}: {text}"
