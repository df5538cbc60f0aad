"""Which adapters run where, and whether there is a GPU; no framework is asked."""

import os
import shutil
import subprocess

import psutil

from adapters import declaration
from adapters.declaration_reader import AdapterBroken

SECONDS_TO_ANSWER = 60.0


def device_of(adapter: str, asked: str) -> str:
    """The device that was asked for where the adapter declares it, else the CPU."""
    try:
        return asked if asked in declaration(adapter).devices else "cpu"
    except AdapterBroken:
        return "cpu"


def gpus() -> tuple[str, ...]:
    """The GPUs that the NVIDIA driver lists, unless all are hidden from programs."""
    program = shutil.which("nvidia-smi")
    if program is None or os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return ()
    try:
        listed = subprocess.run(
            [program, "-L"], capture_output=True, text=True, check=True, timeout=SECONDS_TO_ANSWER
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line for line in listed.stdout.splitlines() if line.startswith("GPU"))


def usable_cores() -> int:
    """The number of cores that this process may run on."""
    return len(psutil.Process().cpu_affinity() or []) or psutil.cpu_count() or 1
