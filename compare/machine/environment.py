"""The machine, the moment, and what else ran on it."""

import os
import platform
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from time import monotonic

import psutil

from compare.machine import hardware
from compare.machine.devices import gpus
from compare.machine.inherited import influence, inherited_variables
from compare.records.environment import Environment, Inherited
from compare.text import storable

LOOK_SECONDS = 0.2
"""For how long the load is measured before anything runs."""


def environment(command: str, threads: int, preset: str) -> Environment:
    """The machine and the moment; `command` is the line that was typed, `threads` what every worker gets."""
    logical = os.cpu_count() or 1
    busy = hardware.readable(lambda: psutil.cpu_percent(interval=LOOK_SECONDS) / 100 * logical, None)
    processor = hardware.processor()
    return Environment(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        command=storable(command),
        lockstep=lockstep_version(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=platform.platform(),
        cpu=processor.name,
        physical_cores=hardware.readable(lambda: psutil.cpu_count(logical=False), None) or logical,
        logical_cores=logical,
        memory_bytes=hardware.memory_bytes(),
        threads=threads,
        preset=preset,
        flags=list(processor.flags),
        affinity=hardware.affinity(),
        governor=hardware.governor(),
        megahertz=hardware.megahertz(),
        quota_cores=hardware.quota_cores(),
        memory_limit_bytes=hardware.memory_limit_bytes(),
        busy_cores_before=None if busy is None else round(busy, 2),
        load_before=hardware.load(),
        inherited=_inherited(),
        limits=hardware.readable(hardware.limits, {}),
        gpus=list(gpus()),
    )


def _inherited() -> list[Inherited]:
    return [
        Inherited(
            name=storable(name),
            value=storable(value),
            treatment=entry.treatment,
            read_by=entry.read_by,
            changes=entry.changes,
        )
        for name, value in inherited_variables().items()
        if (entry := influence(name))
    ]


class LoadMonitor:
    """Measures what else the machine does, from its construction on."""

    def __init__(self) -> None:
        self._began = monotonic()
        self._machine = hardware.readable(_machine_seconds, None)
        self._own = _own_seconds()
        self._throttled = hardware.throttled_seconds()

    def add_to(self, environment: Environment) -> Environment:
        """The environment with the load by other programs until now; the workers must have ended."""
        seen = replace(
            environment,
            throttled_seconds=round(hardware.throttled_seconds() - self._throttled, 3),
            load_after=hardware.load(),
        )
        now = hardware.readable(_machine_seconds, None)
        if self._machine is None or now is None:
            return seen
        seconds = max(monotonic() - self._began, 1e-3)
        busy, stolen = (after - before for after, before in zip(now, self._machine, strict=True))
        others = busy - (_own_seconds() - self._own)
        return replace(
            seen,
            busy_cores_of_others=round(max(0.0, others) / seconds, 3),
            stolen_cores=round(stolen / seconds, 3),
        )


def _machine_seconds() -> tuple[float, float]:
    """Seconds that all cores together have worked, and that a hypervisor has kept from them."""
    times = psutil.cpu_times()
    return times.user + times.system + getattr(times, "nice", 0.0), getattr(times, "steal", 0.0)


def _own_seconds() -> float:
    """Processor seconds of this process and of those that it started and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def lockstep_version() -> str:
    """The version of Lockstep that is installed."""
    try:
        return version("lockstep")
    except PackageNotFoundError:
        return "not installed"
