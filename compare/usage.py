"""What may be asked for: every name and every number is held against it before anything is run."""

import difflib
from collections.abc import Iterable
from typing import get_args

import psutil

from adapters import declaration, registered, source
from adapters.interface import Device
from adapters.plugins import NameTaken
from adapters.source import AdapterBroken, AdapterMissing
from compare.devices import device_of, gpus

MOST_EPOCHS = 10_000
MOST_SEEDS = 1_000
MOST_ROUNDS = 1_000
MOST_MEMORY_MEBIBYTES = 2**24
LONGEST_TIMEOUT_SECONDS = 1e6


class UsageError(Exception):
    """Something that the user asked for cannot be done; one line says what, and what can."""


def known(kind: str, name: str, names: Iterable[str]) -> None:
    """Find a name among those there are.

    Raises: UsageError with the near matches.
    """
    names = list(names)
    if name not in names:
        near = difflib.get_close_matches(name, names, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(names)}"
        raise UsageError(f"unknown {kind} {name!r}: {hint}")


def in_range(option: str, value: int | None, most: int, least: int = 1) -> None:
    """Find a number between the least and the most that there may be; None is no number.

    Raises: UsageError.
    """
    if value is not None and not least <= value <= most:
        raise UsageError(f"{option} is {value}: it must lie between {least} and {most}")


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
        raise UsageError(f"--device is {device!r}: no adapter that was named declares it, leave it out")
