"""Which operators and kernels ran, as torch's own profiler counts them."""

from collections.abc import Callable

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
    events = sorted(recorded.key_averages(), key=lambda event: -event.self_cpu_time_total)
    return tuple(KernelRun(event.key, event.count) for event in events if event.key not in VIEWS)
