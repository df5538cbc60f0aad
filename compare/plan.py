"""From what the user asked for to the blocks that will be run, every mistake found before anything is."""

import difflib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import psutil

from adapters import declaration, registered, source
from adapters.interface import Device, check_data
from adapters.plugins import NameTaken
from adapters.source import AdapterBroken, AdapterMissing
from compare.conductor import Block
from compare.devices import device_of, gpus
from tasks import TaskBroken, find
from tasks import registered as registered_tasks
from tasks.interface import DataRequest, Dataset, DataUnavailable, Preset, Task
from tasks.mnist_archives import check_archives

MOST_EPOCHS = 10_000
MOST_SEEDS = 1_000
MOST_ROUNDS = 1_000
LONGEST_TIMEOUT_SECONDS = 1e6
MOST_MEMORY_MEBIBYTES = 2**24
ROUNDS_FOR_INTERVAL = 6
"""Fewer paired rounds have no 95 % interval by order statistics."""

ROUNDS: dict[Preset, int] = {"quick": 10, "standard": 21, "full": 30}
PROCESSES: dict[Preset, int] = {"quick": 5, "standard": 9, "full": 9}
"""Over how many processes of an adapter a task's rounds are spread, all seeds together: no two are alike."""

ROUNDS_OF_SELF_TEST, PROCESSES_OF_SELF_TEST = 36, 6
"""Enough for rounds that scatter by 4 %, and processes that do by 1 %, to meet within 2 %."""


class UsageError(Exception):
    """Something that the user asked for cannot be done; one line says what, and what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the command line says; None leaves the choice to the preset or the task, or sets no limit.

    `resume` goes on with the run that `out` holds.
    """

    tasks: tuple[str, ...]
    adapters: tuple[str, ...]
    preset: Preset
    seeds: int | None
    epochs: int | None
    threads: int
    data: DataRequest
    out: Path
    overwrite: bool
    tutorials: bool = False
    rounds: int | None = None
    warm_ups: int | None = None
    baseline: str | None = None
    self_test: bool = False
    html: bool = False
    timeout_seconds: float | None = None
    memory_limit_mebibytes: int | None = None
    resume: bool = False
    device: str = "cpu"

    @property
    def twins(self) -> dict[str, str]:
        """The second names under which adapters run once more, in a self-test."""
        return {f"{name} (again)": name for name in self.adapters} if self.self_test else {}

    @property
    def memory_limit_bytes(self) -> int | None:
        return None if self.memory_limit_mebibytes is None else self.memory_limit_mebibytes * 2**20


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
    in_range("--threads", settings.threads, usable_cores())
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


def check_timeout(seconds: float) -> None:
    """Find a time limit that can be waited for.

    Raises: UsageError.
    """
    if not 0 < seconds <= LONGEST_TIMEOUT_SECONDS:
        raise UsageError(
            f"--timeout is {seconds:g}: it must lie above 0 and be at most {LONGEST_TIMEOUT_SECONDS:,.0f}"
        )


def usable_cores() -> int:
    """The number of cores that this process may run on."""
    return len(psutil.Process().cpu_affinity() or []) or psutil.cpu_count() or 1


def known(kind: str, name: str, names: Iterable[str]) -> None:
    """Find a name among those there are.

    Raises: UsageError with the near matches.
    """
    names = list(names)
    if name not in names:
        near = difflib.get_close_matches(name, names, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(names)}"
        raise UsageError(f"unknown {kind} {name!r}: {hint}")


def known_adapters(names: Iterable[str]) -> None:
    """Find every name registered, and once, or a "module:Class" that is there; nothing is imported.

    Raises: UsageError with the near matches.
    """
    for name in names:
        if ":" not in name and name not in registered():
            _expect_no_module(name)
            known("adapter", name, registered())
        try:
            declaration(name)
        except NameTaken as error:
            raise UsageError(f"{error}, or name one of them as module:Class") from error
        except AdapterMissing as error:
            if ":" in name:
                raise UsageError(f"unknown adapter {name!r}: {error}") from error
        except AdapterBroken:
            pass  # its row will say why


def _expect_no_module(name: str) -> None:
    try:
        classes = source.adapter_classes(name)
    except AdapterBroken:
        return
    raise UsageError(f"{name!r} is a module: name its class too, as in {name}:{next(iter(classes), 'Class')}")


def check_device(device: str, adapters: Iterable[str]) -> None:
    """Find the device on this machine, and one of the adapters able to use it.

    Raises: UsageError.
    """
    if device not in get_args(Device):
        raise UsageError(f"unknown device {device!r}: choose from {', '.join(get_args(Device))}")
    if device == "cpu":
        return
    if not gpus():
        raise UsageError(f"--device is {device!r}: no GPU was found (nvidia-smi -L lists none); leave it out")
    if not any(device_of(adapter, device) == device for adapter in adapters):
        raise UsageError(f"--device is {device!r}: no adapter that was named declares it")


def open_task(name: str) -> Task:
    """The task of this name.

    Raises: UsageError with the near matches, or with the reason why a task cannot be used.
    """
    known("task", name, registered_tasks())
    try:
        return find(name)
    except (NameTaken, TaskBroken) as error:
        raise _broken(str(error)) from error


def in_range(option: str, value: int | None, most: int, least: int = 1) -> None:
    """Find a number between the least and the most that there may be; None is no number.

    Raises: UsageError.
    """
    if value is not None and not least <= value <= most:
        raise UsageError(f"{option} is {value}: it must lie between {least} and {most}")


def plan(settings: Settings) -> list[Block]:
    """The blocks to run, in order, their data made ready.

    Raises: UsageError where data cannot be had.
    """
    return [block for name in settings.tasks for block in _blocks(settings, name)]


def data_key(task: Task, request: DataRequest) -> str:
    """Make a task's data ready; return the key that its `dataset` takes.

    Raises: UsageError where they cannot be had.
    """
    try:
        return task.prepare(request)
    except DataUnavailable as error:
        raise UsageError(str(error)) from error
    except Exception as error:
        raise _broken(f"task {task.name!r}: {_said(error)}") from error


def open_dataset(task: Task, key: str) -> Dataset:
    """A task's data, once they and all that is asked of the task are found to fit its specs.

    Raises: UsageError that names the task and what is wrong with it.
    """
    try:
        dataset = task.dataset(key)
        check_data(task.model, task.train, dataset.inputs, dataset.targets)
        check_data(task.model, task.train, dataset.held_out_inputs, dataset.held_out_targets)
        task.initial_parameters(seed=0)
        if not task.metrics:
            raise ValueError("metrics is empty: name one at least")
        if not 1 <= task.batch_size <= len(dataset.inputs):
            raise ValueError(
                f"batch_size is {task.batch_size}: there are {len(dataset.inputs)} sequences to take it from"
            )
    except Exception as error:
        raise _broken(f"task {task.name!r}: {_said(error)}") from error
    return dataset


def _broken(reason: str) -> UsageError:
    return UsageError(f"{reason}; to go on without it, name the others: run TASK …, or check --tasks TASK,…")


def _said(error: Exception) -> str:
    """In one line; a ValueError says by itself what is wrong."""
    text = " ".join(str(error).split())
    return text if isinstance(error, ValueError) and text else f"{type(error).__name__}: {text}"


def _blocks(settings: Settings, name: str) -> list[Block]:
    task = open_task(name)
    key = data_key(task, settings.data)
    seeds = settings.seeds or task.seeds(settings.preset)
    return [
        Block(
            task=name,
            data_key=key,
            seed=seed,
            epochs=settings.epochs or task.epochs(settings.preset, key),
            rounds=settings.rounds or _rounds(settings),
            adapters=(*settings.adapters, *settings.twins),
            threads=settings.threads,
            timeout_seconds=settings.timeout_seconds or task.timeout_seconds,
            logs=settings.out / "logs",
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
