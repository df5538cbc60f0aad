"""Cores, GPUs, and the device that an adapter runs on; no framework is imported."""

import math
import os
import re
import shutil
import subprocess

from adapters import declaration
from adapters.declaration_reader import AdapterBroken
from adapters.entry_points import NameTaken
from compare.machine.hardware import affinity, quota_cores

SECONDS_TO_ANSWER = 60.0


def device_of(adapter: str, asked: str) -> str:
    """The device that was asked for where there is such an adapter and it declares it, else the CPU."""
    try:
        return asked if asked in declaration(adapter).devices else "cpu"
    except (AdapterBroken, NameTaken, KeyError):
        return "cpu"


def gpus() -> tuple[str, ...]:
    """The names of the GPUs that the NVIDIA driver lists; none where CUDA_VISIBLE_DEVICES hides them."""
    program = shutil.which("nvidia-smi")
    if program is None or os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return ()
    try:
        listed = subprocess.run(
            [program, "-L"],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=True,
            timeout=SECONDS_TO_ANSWER,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(re.findall(r"^GPU \d+: (.+?) \(UUID", listed.stdout, re.MULTILINE))


def allowed_cores() -> int:
    """The number of cores that this process may run on: more threads than these are refused."""
    return len(affinity()) or os.cpu_count() or 1


def usable_cores() -> int:
    """The number of cores whose time this process may use, a container's limit included, at least 1."""
    quota = quota_cores()
    return allowed_cores() if quota is None else max(1, min(allowed_cores(), math.floor(quota)))
