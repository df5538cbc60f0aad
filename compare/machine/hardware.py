"""What this machine is and how much of it may be used, as far as it says."""

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

INSTRUCTION_SETS = (
    "avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "asimd", "sve",
)  # fmt: skip
"""Those by which libraries choose how they multiply matrices."""

_CGROUPS = Path("/sys/fs/cgroup")
_FREQUENCY = Path("/sys/devices/system/cpu/cpu0/cpufreq")


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """Its name, and those of its instruction sets that matter."""

    name: str
    flags: tuple[str, ...]


def processor() -> Processor:
    """What Linux says in an instant; elsewhere what py-cpuinfo finds in a second or two."""
    listing = Path("/proc/cpuinfo")
    text = listing.read_text() if listing.exists() else ""
    name = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    if name and flags:
        return Processor(name=name[1].strip(), flags=_known(flags[1].split()))
    import cpuinfo  # noqa: PLC0415 - slow

    found = cpuinfo.get_cpu_info()
    brand = found.get("brand_raw") or platform.processor() or platform.machine()
    return Processor(name=str(brand), flags=_known(found.get("flags", [])))


def governor() -> str | None:
    """How the clock is governed, where that can be read."""
    file = _FREQUENCY / "scaling_governor"
    return file.read_text().strip() if file.is_file() else None


def megahertz() -> float | None:
    """The clock as it is now, where that can be read."""
    frequency = psutil.cpu_freq()
    return float(round(frequency.current)) if frequency else None


def quota_cores() -> float | None:
    """How many cores' time a container may use; None without such a limit."""
    together = (text.split() for text in _cgroup_values("", "cpu.max"))
    quotas = [float(quota) / float(period) for quota, period in together if quota != "max"]
    limits = zip(
        _cgroup_values("cpu", "cpu.cfs_quota_us"), _cgroup_values("cpu", "cpu.cfs_period_us"), strict=False
    )
    quotas += [float(quota) / float(period) for quota, period in limits if float(quota) > 0]
    return min(quotas, default=None)


def memory_limit_bytes() -> int | None:
    """How much memory a container may use; None without a limit below what there is."""
    texts = [*_cgroup_values("", "memory.max"), *_cgroup_values("memory", "memory.limit_in_bytes")]
    limits = [int(text) for text in texts if text.isdecimal()]
    return min((limit for limit in limits if limit < psutil.virtual_memory().total), default=None)


def throttled_seconds() -> float:
    """For how long this container has been kept from running by its limit, since it was made."""
    for controller, field, unit in (("", "throttled_usec", 1e-6), ("cpu", "throttled_time", 1e-9)):
        for text in _cgroup_values(controller, "cpu.stat"):
            if found := re.search(rf"^{field} (\d+)$", text, re.MULTILINE):
                return int(found[1]) * unit
    return 0.0


def _known(flags: list[str]) -> tuple[str, ...]:
    return tuple(name for name in INSTRUCTION_SETS if name in flags)


def _cgroup_values(controller: str, name: str) -> Iterator[str]:
    """What a file says for this process and its container; version 2 of control groups has no controllers."""
    groups = Path("/proc/self/cgroup")
    for line in groups.read_text().splitlines() if groups.exists() else ():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            root = _CGROUPS / controller
            folder = root / path.lstrip("/")
            for place in (folder, *folder.parents):
                if place.is_relative_to(root) and (place / name).is_file():
                    yield (place / name).read_text().strip()
