"""From what the user asked for to the blocks that will be run, every mistake found before anything is."""

import math
from typing import get_args

from adapters import registered
from compare.cli.validation import check_device, known_adapters
from compare.errors import UsageError, known
from compare.limits import (
    MOST_EPOCHS,
    MOST_MEMORY_MEBIBYTES,
    MOST_ROUNDS,
    MOST_SEEDS,
    check_timeout,
    in_range,
)
from compare.machine.devices import allowed_cores
from compare.records.block import Block
from compare.records.settings import Settings
from compare.runner.task_loading import data_key, epochs_of, open_task, seeds_of, settled
from tasks import TASKS
from tasks.interface import DataUnavailable, Preset
from tasks.mnist_archives import check_archives

ROUNDS_FOR_INTERVAL = 6
"""Fewer paired rounds have no 95 % interval by order statistics."""

ROUNDS: dict[Preset, int] = {"quick": 10, "standard": 21, "full": 30}
PROCESSES: dict[Preset, int] = {"quick": 5, "standard": 9, "full": 9}
"""Over how many processes of an adapter a task's rounds are spread, all seeds together: no two are alike."""

ROUNDS_OF_SELF_TEST, PROCESSES_OF_SELF_TEST = 36, 6
"""Enough for rounds that scatter by 4 %, and processes that do by 1 %, to meet within 2 %."""


def check(settings: Settings) -> None:
    """Find every name known, every number sensible, and archives whole where there are any.

    Raises: UsageError.
    """
    for task in settings.tasks:
        open_task(task)
    known_adapters(settings.adapters)
    check_device(settings.device, settings.adapters)
    known("preset", settings.preset, get_args(Preset))
    if not settings.adapters:
        raise UsageError(f"--adapters names none: choose from {', '.join(registered())}")
    if len(set(settings.adapters)) < len(settings.adapters):
        raise UsageError(f"--adapters names one twice: {','.join(settings.adapters)}")
    in_range("--seeds", settings.seeds, MOST_SEEDS)
    in_range("--epochs", settings.epochs, MOST_EPOCHS)
    in_range("--threads", settings.threads, allowed_cores())
    if settings.rounds == 1:
        raise UsageError("--rounds is 1: one round cannot tell a difference from luck, take 6 or more")
    in_range("--rounds", settings.rounds, MOST_ROUNDS, least=2)
    if settings.self_test and settings.rounds is not None and settings.rounds < ROUNDS_FOR_INTERVAL:
        raise UsageError(
            f"--rounds is {settings.rounds}: a self-test needs {ROUNDS_FOR_INTERVAL} or more for an interval"
        )
    in_range("--warm-ups", settings.warm_ups, MOST_ROUNDS, least=0)
    if settings.baseline is not None:
        known("baseline", settings.baseline, settings.adapters)
    in_range("--memory-limit", settings.memory_limit_mebibytes, MOST_MEMORY_MEBIBYTES)
    if settings.timeout_seconds is not None:
        check_timeout(settings.timeout_seconds)
    if settings.data.mnist_archives is not None:
        try:
            check_archives(settings.data.mnist_archives)
        except DataUnavailable as error:
            raise UsageError(str(error)) from error


def plan(settings: Settings) -> list[Block]:
    """The blocks to run, in order, their data made ready.

    Every task has its first seed before any has its second: a task's seeds then lie far apart in time, so
    that a minute in which the machine is slow is one of them at most.

    Raises: UsageError where data cannot be had.
    """
    blocks = [block for name in settings.tasks for block in _blocks(settings, name)]
    return sorted(blocks, key=lambda block: block.seed)


def _blocks(settings: Settings, name: str) -> list[Block]:
    task = open_task(name)
    key = data_key(task, settings.data)
    data = settled(settings.data, key) if name in TASKS else settings.data
    seeds = settings.seeds or seeds_of(task, settings.preset)
    return [
        Block(
            task=name,
            data=data,
            seed=seed,
            epochs=settings.epochs or epochs_of(task, settings.preset, key),
            rounds=settings.rounds or _rounds(settings),
            adapters=(*settings.adapters, *settings.twins),
            threads=settings.threads,
            timeout_seconds=settings.timeout_seconds or task.timeout_seconds,
            warm_ups=settings.warm_ups,
            processes=_processes(settings, seeds),
            twins=settings.twins,
            memory_limit_bytes=settings.memory_limit_bytes,
            device=settings.device,
        )
        for seed in range(seeds)
    ]


def _rounds(settings: Settings) -> int:
    least = ROUNDS_OF_SELF_TEST if settings.self_test else 0
    return max(ROUNDS[settings.preset], least)


def _processes(settings: Settings, seeds: int) -> int:
    """Of an adapter, from each seed."""
    if settings.self_test:
        return PROCESSES_OF_SELF_TEST
    return math.ceil(PROCESSES[settings.preset] / seeds)
