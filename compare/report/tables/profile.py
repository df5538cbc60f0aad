"""Stacks and kernels as tables."""

from collections.abc import Sequence

import pandas as pd

from compare.analysis.profile import PARTS, REST, Stack
from compare.analysis.statistics import Spread
from compare.records.profile import Profile
from compare.report.tables.table import Table, columns
from compare.text import NOTHING, escape, number, signed


def profile_table(stacks: Sequence[Stack]) -> Table:
    """One row per task and adapter: an update, the share that each part has of it, and its limits."""
    raw = pd.DataFrame(
        {
            "task": stack.task,
            "adapter": stack.adapter,
            **columns("seconds_", Spread, stack.whole),
            **{
                f"{part}_{name}": value
                for part in PARTS
                for name, value in columns("seconds_", Spread, stack.parts.get(part)).items()
            },
            "rest_seconds": stack.rest if stack.parts else None,
            "bound": stack.bound,
            "products_at_machine_rate_seconds": stack.rate_seconds,
            "products_in_best_library_seconds": stack.product_seconds,
            "best_library": stack.product_library,
            "departure_from_training_turns": stack.departure,
        }
        for stack in stacks
    )
    shares = [stack.shares for stack in stacks]
    shown = pd.DataFrame(
        {
            "Task": _once([stack.task for stack in stacks]),
            "Adapter": [escape(stack.adapter) for stack in stacks],
            "µs an update": [_micro(stack.whole.median) for stack in stacks],
            **{
                name.capitalize(): [_percent(share.get(part)) for share in shares]
                for part, name in {**PARTS, "rest": REST}.items()
            },
            "Bound by": [stack.bound or NOTHING for stack in stacks],
            "Products at the machine's rate, µs": [_micro(stack.rate_seconds) for stack in stacks],
            "In the best library, µs": [
                f"{_micro(stack.product_seconds)} ({escape(stack.product_library)})"
                if stack.product_library
                else NOTHING
                for stack in stacks
            ],
            "In training turns": [_training(stack) for stack in stacks],
        }
    )
    return Table(name="profile", raw=raw, shown=shown, text_columns=("Task", "Adapter", "Bound by"))


def kernel_table(profiles: Sequence[Profile]) -> Table | None:
    """One row per task, adapter and kernel; None where no adapter told of any."""
    rows = [(profile, kernel) for profile in profiles for kernel in profile.kernels]
    if not rows:
        return None
    raw = pd.DataFrame(
        {
            "task": profile.task,
            "adapter": profile.adapter,
            "kernel": kernel.name,
            "times": kernel.times,
            "compiled": kernel.compiled,
            "said_by": kernel.said_by,
        }
        for profile, kernel in rows
    )
    shown = pd.DataFrame(
        {
            "Task": _once([profile.task for profile, _ in rows]),
            "Adapter": [escape(profile.adapter) for profile, _ in rows],
            "Kernel": [escape(kernel.name) for _, kernel in rows],
            "Times": [
                number(kernel.times) + (" in the program" if kernel.compiled else "") for _, kernel in rows
            ],
            "Said by": [escape(kernel.said_by) for _, kernel in rows],
        }
    )
    return Table(name="kernels", raw=raw, shown=shown, text_columns=("Task", "Adapter", "Kernel", "Said by"))


def _once(names: Sequence[str]) -> list[str]:
    """Each name where it comes first, in bold."""
    before = ("", *names)
    return ["" if name == last else f"**{escape(name)}**" for last, name in zip(before, names, strict=False)]


def _micro(seconds: float | None) -> str:
    return NOTHING if seconds is None else number(1e6 * seconds)


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{round(100 * share)} %".replace("-", "−")


def _training(stack: Stack) -> str:
    if stack.departure is None:
        return NOTHING
    apart = f"{signed(-100 * stack.departure / (1 + stack.departure))} %"
    return apart if stack.holds else f"**{apart}**"
