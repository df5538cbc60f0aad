"""What a run begins with: its settings, machine and tasks as they are stored, and what of it is finished."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from adapters.interface import TrainSpec
from adapters.optimizers import OPTIMIZERS
from adapters.schedules import SCHEDULES
from compare.jobs.opening import data_settings
from compare.machine.environment import environment
from compare.records.accuracy import Accuracy
from compare.records.block import Block
from compare.records.environment import Environment
from compare.records.results import Results, TaskRecord
from compare.records.settings import Settings
from compare.runner.matrix_rate import operations_per_sequence
from compare.runner.task_loading import data_key, load_task_data, settled
from compare.storage.resume import request, resumed_results
from compare.storage.retry import retried_results
from compare.storage.run_folder import clear_folder, clear_temporary_files
from compare.text import shell_word
from tasks.interface import DataRequest, Task
from tasks.tutorials import RECIPES

_SCHEDULER = re.compile(r"(--cluster[ =])(?!local:)\S+")


def data_keys(settings: Settings) -> dict[str, str]:
    """Make the data ready that no block has; return their keys, by the tutorial's recipe or by the task.

    Raises: UsageError where they cannot be had.
    """
    tasks: dict[str, Task] = {}
    if settings.tutorials:
        tasks |= {name: recipe.task for name, recipe in RECIPES.items()}
    if settings.recipes:
        from compare.accuracy.recipes import TASK  # noqa: PLC0415 - SciPy can wait

        tasks[TASK.name] = TASK
    return {name: data_key(task, settings.data) for name, task in tasks.items()}


def beginning(
    settings: Settings, blocks: Sequence[Block], keys: Mapping[str, str], versions: Mapping[str, str]
) -> Results:
    """Nothing yet or, where a run is resumed, what is finished of it.

    `versions` are those of the adapters' frameworks.

    Raises: UsageError where it cannot be resumed.
    """
    fresh = Results(
        environment=_environment(settings),
        tasks=[_task_record(block) for block in blocks if block.seed == 0],
        runs=[],
        accuracy=_accuracy(settings, keys),
        interrupted=True,
        request=request(settings, _settled_data(settings, blocks, keys)),
        versions=dict(versions),
        left_out=settings.left_out,
        baseline=settings.baseline,
        twins=settings.twins,
    )
    if settings.resume:
        clear_temporary_files(settings.out)
        going_on = retried_results if settings.retry_failed else resumed_results
        return going_on(settings.out, fresh, blocks)
    clear_folder(settings.out)
    return fresh


def _accuracy(settings: Settings, keys: Mapping[str, str]) -> Accuracy | None:
    """What is known of accuracy before anything is trained; None where no recipe is followed."""
    if not settings.recipes:
        return None
    from compare.cli.accuracy import accuracy_beginning  # noqa: PLC0415

    return accuracy_beginning(settings, keys)


def _settled_data(settings: Settings, blocks: Sequence[Block], keys: Mapping[str, str]) -> DataRequest:
    """The request for the data that were found, for those who go on with the run."""
    found = [*(block.data for block in blocks), *(settled(settings.data, key) for key in keys.values())]
    return next((data for data in found if data.choice != "auto"), settings.data)


def _environment(settings: Settings) -> Environment:
    """The tutorials' programs get a thread each; neither they nor recipes for accuracy have a preset."""
    if settings.tasks:
        return environment(command_line(), settings.threads, settings.preset)
    return environment(command_line(), settings.threads if settings.recipes else 1, preset="")


def command_line() -> str:
    """The line that was typed, without a scheduler's address: reports are published, and name no host."""
    line = " ".join(["python", "-m", "compare", *map(shell_word, sys.argv[1:])])
    return _SCHEDULER.sub(r"\1ADDRESS", line)


def _task_record(block: Block) -> TaskRecord:
    data = load_task_data(block.found_by, block.data)
    task, dataset = data.task, data.dataset
    time_steps = dataset.inputs.shape[1]
    updates = len(task.train.spans(task.model, time_steps))
    return TaskRecord(
        name=task.name,
        summary=task.summary,
        source=task.source,
        dataset=dataset.name,
        model=asdict(task.model),
        train=_training(task.train),
        batch_size=task.batch_size,
        epochs=block.epochs,
        updates_per_epoch=updates * (len(dataset.inputs) // task.batch_size),
        sequences=len(dataset.inputs),
        held_out_sequences=len(dataset.held_out_inputs),
        time_steps=time_steps,
        metrics=list(task.metrics),
        operations_per_sequence=operations_per_sequence(task.model, task.train, time_steps, dataset.lengths),
        shortest=None if dataset.lengths is None else int(dataset.lengths.min()),
        stands_in_for=dataset.stands_in_for,
        data=data_settings(task),
        found_by=data.reference.name,
        changes=data.reference.changes,
    )


def _training(train: TrainSpec) -> dict[str, str | int | float | bool | None]:
    """The spec, the optimizer's settings among its own; a schedule in words."""
    settings = asdict(train.optimizer)
    if schedule := SCHEDULES.get(type(train.optimizer.learning_rate)):
        listed = ", ".join(f"{name} {value:g}" for name, value in settings["learning_rate"].items())
        settings["learning_rate"] = f"{schedule} ({listed})"
    others = {name: value for name, value in asdict(train).items() if name != "optimizer"}
    return {"optimizer": OPTIMIZERS[type(train.optimizer)], **settings, **others}
