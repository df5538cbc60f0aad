"""From what the user asked for to the blocks that will be run, every mistake found before anything is."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import psutil

from adapters import declaration, registered, source
from adapters.interface import Device
from adapters.plugins import NameTaken
from adapters.source import AdapterBroken, AdapterMissing
from compare.conductor import Block
from compare.devices import device_of, gpus
from tasks import TaskBroken, find
from tasks import registered as registered_tasks
from tasks.interface import DataRequest, DataUnavailable, Preset, Task

MOST_EPOCHS = 10_000
MOST_SEEDS = 1_000
ROUNDS: dict[Preset, int] = {"quick": 7, "standard": 9, "full": 9}
TIMEOUT_SECONDS = 1800.0


class UsageError(Exception):
    """Something that the user asked for cannot be done; one line says what, and what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the command line says; None leaves the choice to the preset."""

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
    device: str = "cpu"


def check(settings: Settings) -> None:
    """Find every name known and every number sensible.

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
        classes = source.classes(name)
    except AdapterBroken:
        return
    raise UsageError(f"{name!r} is a module: name its class too, as in {name}:{next(iter(classes), 'Class')}")


def check_device(device: str, adapters: Iterable[str]) -> None:
    """Find the device on this machine, and one of the adapters able to use it.

    Raises: UsageError.
    """
    known("device", device, get_args(Device))
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
        raise UsageError(str(error)) from error


def in_range(option: str, value: int | None, most: int) -> None:
    """Find a number between 1 and the most that there may be; None is no number.

    Raises: UsageError.
    """
    if value is not None and not 1 <= value <= most:
        raise UsageError(f"{option} is {value}: it must lie between 1 and {most}")


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


def _blocks(settings: Settings, name: str) -> list[Block]:
    task = open_task(name)
    key = data_key(task, settings.data)
    return [
        Block(
            task=name,
            data_key=key,
            seed=seed,
            epochs=settings.epochs or task.epochs(settings.preset, key),
            rounds=ROUNDS[settings.preset],
            adapters=settings.adapters,
            threads=settings.threads,
            timeout_seconds=TIMEOUT_SECONDS,
            logs=settings.out / "logs",
            device=settings.device,
        )
        for seed in range(settings.seeds or task.seeds(settings.preset))
    ]
