"""Which operators and kernels ran, as torch's own profiler counts them."""

from collections.abc import Callable
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from adapters.interface import KernelRun

VIEWS = frozenset(
    {"aten::as_strided", "aten::detach", "aten::select", "aten::slice", "aten::t", "aten::transpose"}
)
"""What computes nothing."""


def kernels(train: Callable[[], object]) -> tuple[KernelRun, ...]:
    """The operators that some training called, and on a GPU its kernels, the ones that took longest first."""
    activities = [ProfilerActivity.CPU]
    if torch.cuda.is_available():
        activities.append(ProfilerActivity.CUDA)
    with profile(activities=activities) as recorded:
        train()
    events = sorted(recorded.key_averages(), key=lambda event: -_own_time(event))
    return tuple(KernelRun(event.key, event.count) for event in events if _computes(event))


def _on_gpu(event: Any) -> bool:
    return bool(event.device_type.name == "CUDA")


def _own_time(event: Any) -> float:
    """On the device where it ran, without what it called."""
    return float(event.self_device_time_total if _on_gpu(event) else event.self_cpu_time_total)


def _computes(event: Any) -> bool:
    """Whether an event is an operator, or a kernel of a GPU, and no view and no step of autograd's."""
    return _on_gpu(event) or (event.key.startswith("aten::") and event.key not in VIEWS)
