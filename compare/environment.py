"""What machine this is, and when."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import psutil

from compare.records import Environment


def environment(command: str, threads: int, preset: str) -> Environment:
    """The machine and the moment; `command` is the line that was typed, `threads` what every worker gets."""
    logical = psutil.cpu_count() or 1
    return Environment(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        lockstep=_version(),
        python=f"{platform.python_implementation()} {platform.python_version()}",
        system=platform.platform(),
        cpu=_processor(),
        physical_cores=psutil.cpu_count(logical=False) or logical,
        logical_cores=logical,
        memory_bytes=psutil.virtual_memory().total,
        threads=threads,
        preset=preset,
    )


def _version() -> str:
    try:
        return version("lockstep")
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    import cpuinfo  # noqa: PLC0415 - slow to import

    return str(cpuinfo.get_cpu_info().get("brand_raw") or platform.processor() or platform.machine())
