"""What this machine is and how much of it may be used, where that can be read."""

import os
import platform
import re
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TypeVar

import psutil

from compare.machine.inherited import CORES
from compare.text import mebibytes

INSTRUCTION_SETS = (
    "avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "asimd", "sve",
)  # fmt: skip
"""Those by which libraries choose how they multiply matrices."""

_CPUINFO = Path("/proc/cpuinfo")
_OWN_CGROUPS = Path("/proc/self/cgroup")
_CGROUPS = Path("/sys/fs/cgroup")
_FREQUENCY = Path("/sys/devices/system/cpu/cpu0/cpufreq")

_LIMITS = {"address space": resource.RLIMIT_AS, "data": resource.RLIMIT_DATA}
_POLICIES = {3: "as a batch job", 5: "when nothing else runs"}
"""SCHED_BATCH and SCHED_IDLE of Linux's sched(7)."""

_NO_LIMIT = 2**60
"""What version 1 of control groups says where there is none is above this many bytes."""

Fact = TypeVar("Fact")
Otherwise = TypeVar("Otherwise")


def readable(ask: Callable[[], Fact], otherwise: Otherwise) -> Fact | Otherwise:
    """What the system answers, or `otherwise`: sandboxes hide files, and small machines lack them."""
    try:
        return ask()
    except Exception:  # whatever it is that a system lacks, a fact about it never ends a run
        return otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """The name of the CPU, and those of its instruction sets that matter."""

    name: str
    flags: tuple[str, ...]


def processor() -> Processor:
    """Read from /proc/cpuinfo in an instant; elsewhere by py-cpuinfo in a second or two."""
    text = _text(_CPUINFO)
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    listed = flags[1].split() if flags else []
    if name and flags:
        return Processor(name=name[1].strip(), flags=_known(listed))
    import cpuinfo  # noqa: PLC0415 - slow

    found = readable(cpuinfo.get_cpu_info, None) or {}
    brand = found.get("brand_raw") or platform.processor() or platform.machine() or "unknown"
    return Processor(
        name=name[1].strip() if name else str(brand), flags=_known(listed or found.get("flags") or [])
    )


def affinity() -> list[int]:
    """The cores that this process might run on at its start; empty where the system does not say."""
    return list(CORES)


def limits() -> dict[str, str]:
    """What the user's shell allows less of than there is, by what is limited."""
    soft = {what: resource.getrlimit(kind)[0] for what, kind in _LIMITS.items()}
    found = {what: mebibytes(limit) for what, limit in soft.items() if limit != resource.RLIM_INFINITY}
    seconds = resource.getrlimit(resource.RLIMIT_CPU)[0]
    if seconds != resource.RLIM_INFINITY:
        found["processor time"] = f"{seconds} s"
    if nice := readable(lambda: os.getpriority(os.PRIO_PROCESS, 0), 0):
        found["priority"] = f"nice {nice}"
    if (policy := readable(lambda: os.sched_getscheduler(0), 0)) in _POLICIES:
        found["scheduling"] = _POLICIES[policy]
    return found


def governor() -> str | None:
    """The governor of the clock frequency, where that can be read."""
    return _text(_FREQUENCY / "scaling_governor").strip() or None


def megahertz() -> float | None:
    """The clock frequency now, where that can be read."""
    return readable(lambda: float(round(psutil.cpu_freq().current)), None)


def memory_bytes() -> int | None:
    """How much memory the machine has, where that can be read."""
    return readable(lambda: int(psutil.virtual_memory().total), None)


def load() -> float | None:
    """How many processes wanted to run over the last minute, where that can be read."""
    return readable(lambda: round(os.getloadavg()[0], 2), None)


def quota_cores() -> float | None:
    """How many cores' time a container may use; None without such a limit."""
    limits = [_text(folder / "cpu.max").split() for folder in _cgroup_folders("")]
    for folder in _cgroup_folders("cpu"):
        files = (folder / "cpu.cfs_quota_us", folder / "cpu.cfs_period_us")
        limits.append([_text(file).strip() for file in files])
    numbers = [tuple(map(int, pair)) for pair in limits if len(pair) == 2 and all(map(str.isdecimal, pair))]
    return min((quota / period for quota, period in numbers if quota > 0 < period), default=None)


def memory_limit_bytes() -> int | None:
    """How much memory a container may use; None without a limit below what there is."""
    texts = [
        *(_text(folder / "memory.max").strip() for folder in _cgroup_folders("")),
        *(_text(folder / "memory.limit_in_bytes").strip() for folder in _cgroup_folders("memory")),
    ]
    limits = [int(text) for text in texts if text.isdecimal()]
    return min((limit for limit in limits if limit < (memory_bytes() or _NO_LIMIT)), default=None)


def throttled_seconds() -> float:
    """For how long this container has been kept from running by its limit, since it was made."""
    for controller, field, unit in (("", "throttled_usec", 1e-6), ("cpu", "throttled_time", 1e-9)):
        for folder in _cgroup_folders(controller):
            if found := re.search(rf"^{field} (\d+)$", _text(folder / "cpu.stat"), re.MULTILINE):
                return int(found[1]) * unit
    return 0.0


def _known(flags: list[str]) -> tuple[str, ...]:
    return tuple(name for name in INSTRUCTION_SETS if name in flags)


def _text(path: Path) -> str:
    """What is in a file; nothing where there is none, or it must not be read."""
    return readable(lambda: path.read_text(encoding="utf-8", errors="replace"), "")


def _cgroup_folders(controller: str) -> Iterator[Path]:
    """The control groups that this process is in, innermost first; version 2 has no controllers."""
    for line in _text(_OWN_CGROUPS).splitlines():
        _, controllers, path = (*line.split(":", 2), "", "", "")[:3]
        if controller not in controllers.split(","):
            continue
        inside = [part for part in PurePosixPath(path).parts if part not in ("/", "..")]
        for root in dict.fromkeys(_CGROUPS / name for name in _mounts(controller, controllers)):
            for depth in range(len(inside), -1, -1):
                yield root.joinpath(*inside[:depth])


def _mounts(controller: str, controllers: str) -> tuple[str, ...]:
    """The names under which a hierarchy may be mounted."""
    return (controller, controllers) if controller else ("", "unified")
