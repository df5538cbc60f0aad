"""From the user's settings to the blocks to run; every mistake is found before anything runs."""

import math
from dataclasses import replace
from typing import get_args

from adapters import registered
from adapters.interface import is_reduced
from compare.cli.validation import check_adapter_names, check_device
from compare.cluster.address import check_address
from compare.errors import UsageError, check_choice
from compare.jobs.changes import in_float32, parse_change
from compare.jobs.opening import check_task_name, reference_of
from compare.limits import (
    MOST_EPOCHS,
    MOST_MEMORY_MEBIBYTES,
    MOST_ROUNDS,
    MOST_SEEDS,
    MOST_THREADS,
    check_in_range,
    check_timeout,
)
from compare.machine.devices import allowed_cores
from compare.records.block import TIMING, Block, Timing
from compare.records.settings import Settings
from compare.runner.task_loading import data_key, epochs_of, open_task, seeds_of, settled
from tasks import TASKS
from tasks.interface import DataUnavailable, Preset, TaskReference
from tasks.mnist_archives import check_archives

ROUNDS_FOR_INTERVAL = 6
"""Fewer paired rounds have no 95 % interval by order statistics."""

ROUNDS: dict[Preset, int] = {"quick": 6, "standard": 10, "full": 30}
PROCESSES: dict[Preset, int] = {"quick": 3, "standard": 6, "full": 9}
"""Over how many processes of an adapter a task's rounds are spread, all seeds together."""

TIMINGS: dict[Preset, Timing] = {
    "quick": Timing(
        turn_seconds=0.1,
        settle_seconds=0.03,
        prediction_rounds=2,
        prediction_seconds=0.03,
        product_seconds=0.1,
    ),
    "standard": TIMING,
    "full": TIMING,
}

ROUNDS_OF_SELF_TEST, PROCESSES_OF_SELF_TEST = 36, 6
"""Enough to detect a difference of 2 % where rounds vary by 4 % and processes by 1 %."""


def check_settings(settings: Settings) -> None:
    """Raise if a name is unknown, a number out of range, or an archive of MNIST missing or damaged.

    Raises: UsageError.
    """
    for name in settings.tasks:
        check_task_name(name)
    for change in settings.changes:
        parse_change(change)
    check_adapter_names(settings.adapters)
    _check_machine(settings)
    check_choice("preset", settings.preset, get_args(Preset))
    if not settings.adapters:
        raise UsageError(f"--adapters names none: choose from {', '.join(registered())}")
    if len(set(settings.adapters)) < len(settings.adapters):
        raise UsageError(f"--adapters names one twice: {','.join(settings.adapters)}")
    check_in_range("--seeds", settings.seeds, MOST_SEEDS)
    check_in_range("--epochs", settings.epochs, MOST_EPOCHS)
    if settings.rounds == 1:
        raise UsageError("--rounds is 1: one round cannot tell a difference from chance, take 6 or more")
    check_in_range("--rounds", settings.rounds, MOST_ROUNDS, least=2)
    if settings.self_test and settings.rounds is not None and settings.rounds < ROUNDS_FOR_INTERVAL:
        raise UsageError(
            f"--rounds is {settings.rounds}: a self-test needs {ROUNDS_FOR_INTERVAL} or more for an interval"
        )
    check_in_range("--warm-ups", settings.warm_ups, MOST_ROUNDS, least=0)
    if settings.baseline is not None:
        check_choice("baseline", settings.baseline, settings.adapters)
    check_in_range("--memory-limit", settings.memory_limit_mebibytes, MOST_MEMORY_MEBIBYTES)
    if settings.timeout_seconds is not None:
        check_timeout(settings.timeout_seconds)
    if settings.recipes:
        from compare.cli.accuracy import check_recipes  # noqa: PLC0415 - SciPy can wait

        check_recipes(settings)
    if settings.data.mnist_archives is not None:
        try:
            check_archives(settings.data.mnist_archives)
        except DataUnavailable as error:
            raise UsageError(str(error)) from error


def _check_machine(settings: Settings) -> None:
    """Raise if this machine, or any, cannot give what is asked of the one that runs a block."""
    if settings.cluster is not None:
        check_address(settings.cluster)
        check_in_range("--threads", settings.threads, MOST_THREADS)
        return
    check_device(settings.device, settings.adapters)
    check_in_range("--threads", settings.threads, allowed_cores())


def plan(settings: Settings) -> list[Block]:
    """The blocks to run, in order, their data made ready.

    Every task has its first seed before any has its second: a task's seeds then lie far apart in time, so
    that a minute in which the machine is slow is one of them at most.

    Raises: UsageError where data cannot be had.
    """
    of_tasks = [
        _blocks(settings, reference) for name in settings.tasks for reference in _beside(settings, name)
    ]
    names = [blocks[0].task for blocks in of_tasks]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two tasks are called {twice}: rename one of the files")
    blocks = [block for each in of_tasks for block in each]
    return sorted(blocks, key=lambda block: block.seed)


def _beside(settings: Settings, name: str) -> list[TaskReference]:
    """The task that is asked for; one in fewer digits has the same in float32 before it."""
    asked = TaskReference(name=name, changes=settings.changes)
    if not is_reduced(open_task(asked).train.dtype):
        return [asked]
    plain = replace(asked, changes=in_float32(asked.changes))
    if is_reduced(open_task(plain).train.dtype):  # a job's file says so
        plain = replace(plain, changes=(*plain.changes, "train.dtype=float32"))
    return [plain, asked]


def _blocks(settings: Settings, reference: TaskReference) -> list[Block]:
    task = open_task(reference)
    key = data_key(task, settings.data)
    data = settled(settings.data, key) if reference.name in TASKS else settings.data
    seeds = settings.seeds or seeds_of(task, settings.preset)
    rounds = settings.rounds or _rounds(settings)
    return [
        Block(
            task=task.name,
            reference=reference_of(task, reference),
            data=data,
            seed=seed,
            epochs=settings.epochs or epochs_of(task, settings.preset, key),
            rounds=rounds,
            adapters=(*settings.adapters, *settings.twins),
            threads=settings.threads,
            timeout_seconds=settings.timeout_seconds or task.timeout_seconds,
            warm_ups=settings.warm_ups,
            processes=min(rounds, _processes(settings, seeds)),
            twins=settings.twins,
            memory_limit_bytes=settings.memory_limit_bytes,
            device=settings.device,
            timing=TIMINGS[settings.preset],
        )
        for seed in range(seeds)
    ]


def _rounds(settings: Settings) -> int:
    least = ROUNDS_OF_SELF_TEST if settings.self_test else 0
    return max(ROUNDS[settings.preset], least)


def _processes(settings: Settings, seeds: int) -> int:
    """How many processes an adapter gets for each seed."""
    if settings.self_test:
        return PROCESSES_OF_SELF_TEST
    return math.ceil(PROCESSES[settings.preset] / seeds)
