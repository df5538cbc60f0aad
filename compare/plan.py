"""From what the user asked for to the blocks that will be run, every mistake found before anything is."""

import difflib
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import psutil

from adapters import ADAPTERS
from compare.conductor import Block
from tasks import TASKS
from tasks.interface import DataRequest, DataUnavailable, Preset, Task

MOST_EPOCHS = 10_000
MOST_SEEDS = 1_000
ROUNDS: dict[Preset, int] = {"quick": 7, "standard": 9, "full": 9}
TIMEOUT_SECONDS = 1800.0
OWN_FILES = ("README.md", "results.json", "figures", "tables", "logs")


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


def check(settings: Settings) -> None:
    """Find every name known, every number sensible and the output folder ready.

    Raises: UsageError.
    """
    for task in settings.tasks:
        known("task", task, TASKS)
    known_adapters(settings.adapters)
    known("preset", settings.preset, get_args(Preset))
    if not settings.adapters:
        raise UsageError(f"--adapters names none: choose from {', '.join(ADAPTERS)}")
    if len(set(settings.adapters)) < len(settings.adapters):
        raise UsageError(f"--adapters names one twice: {','.join(settings.adapters)}")
    in_range("--seeds", settings.seeds, MOST_SEEDS)
    in_range("--epochs", settings.epochs, MOST_EPOCHS)
    in_range("--threads", settings.threads, usable_cores())
    check_folder(settings.out, settings.overwrite)


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
    """Find every name registered, or a "module:Class".

    Raises: UsageError with the near matches.
    """
    for name in names:
        if ":" not in name:
            known("adapter", name, ADAPTERS)


def in_range(option: str, value: int | None, most: int) -> None:
    """Find a number between 1 and the most that there may be; None is no number.

    Raises: UsageError.
    """
    if value is not None and not 1 <= value <= most:
        raise UsageError(f"{option} is {value}: it must lie between 1 and {most}")


def check_folder(out: Path, overwrite: bool) -> None:
    """Make the output folder and find that it can be written to.

    Raises: UsageError where it cannot, or where it already holds a report that is to be kept.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from error
    taken = [name for name in OWN_FILES if (out / name).exists()]
    if taken and not overwrite:
        raise UsageError(f"{out} already holds {taken[0]}: add --overwrite, or choose another --out")


def clear_folder(out: Path) -> None:
    """Remove what an earlier run left in the output folder, and nothing else; make the folder for logs."""
    for path in (out / name for name in OWN_FILES):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    (out / "logs").mkdir()


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
    task = TASKS[name]
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
        )
        for seed in range(settings.seeds or task.seeds(settings.preset))
    ]
