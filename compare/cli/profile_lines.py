"""Profiles on a terminal of 80 columns: stacks side by side, kernels, and what ran that should not have."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from compare.analysis.caveats import poor_kernels, slow_paths
from compare.analysis.profile import PARTS, REST, RULE, Stack, operators, stacks
from compare.records.environment import Environment
from compare.records.profile import Profile
from compare.text import NOTHING, number, signed

COLUMNS = 4
"""How many adapters stand side by side."""

LONG_SECONDS = 0.1
"""From which on an update is shown in milliseconds."""

SHOWN = 5
"""How many kernels of each adapter are shown; the page has all."""


def show(profiles: Sequence[Profile], machine: Environment, console: Console) -> None:
    """What came of a profile."""
    found = stacks(profiles)
    for first in range(0, len(found), COLUMNS):
        console.print(stack_table(found[first : first + COLUMNS]))
    for line in _lines(profiles, found):
        console.print(Text(line))
    rates = {each.adapter: each.product_rate for each in profiles if each.product_rate}
    for caveat in (*poor_kernels(machine, rates), *slow_paths(machine, profiles)):
        console.print(Text(f"Warning: {caveat}"))


def stack_table(found: Sequence[Stack]) -> Table:
    """One column an adapter: the time of an update, and of each part with the share that it has of it."""
    slowest = max(stack.whole.median for stack in found)
    unit, per_second = ("µs", 1e6) if slowest < LONG_SECONDS else ("ms", 1e3)

    def time(seconds: float | None) -> str:
        return NOTHING if seconds is None else number(per_second * seconds).replace("-", "−")

    def part(stack: Stack, seconds: float) -> str:
        return f"{time(seconds)}{_share(seconds / stack.whole.median)}"

    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column(f"{unit} an update", overflow="fold", min_width=22)
    for stack in found:
        table.add_column(stack.adapter, justify="right", overflow="fold")
    table.add_row("all of it", *(time(stack.whole.median) for stack in found))
    for field, name in PARTS.items():
        table.add_row(
            name, *(part(stack, stack.parts[field].median) if stack.parts else NOTHING for stack in found)
        )
    table.add_row(REST, *(part(stack, stack.rest) if stack.parts else NOTHING for stack in found))
    table.add_row("bound by", *(stack.bound or NOTHING for stack in found))
    table.add_row("limit: machine's rate", *(time(stack.rate_seconds) for stack in found))
    table.add_row("limit: best library", *(time(stack.product_seconds) for stack in found))
    table.add_row("in training turns", *(_training(stack) for stack in found))
    return table


def _share(share: float) -> str:
    return f"{share:6.0%}".replace("-", "−")


def _training(stack: Stack) -> str:
    if stack.departure is None:
        return NOTHING
    return f"{signed(-100 * stack.departure / (1 + stack.departure))} %"


def _lines(profiles: Sequence[Profile], found: Sequence[Stack]) -> Iterator[str]:
    if any(stack.parts for stack in found):
        yield RULE
    if on_gpu := [profile.adapter for profile in profiles if profile.device == "cuda"]:
        yield f"On the GPU: {', '.join(on_gpu)}; limits are those of adapters on the same device."
    if overlapping := [stack.adapter for stack in found if stack.overlaps]:
        yield (f"Parts overlap in {', '.join(overlapping)}: alone they take longer than the whole update.")
    if apart := [stack.adapter for stack in found if stack.holds is False]:
        yield (
            f"An update is more than 3 % longer or shorter here than in training turns: {', '.join(apart)}; "
            "was the machine busy?"
        )
    for profile in profiles:
        if profile.error:
            yield f"{profile.adapter}: {profile.error}"
        elif profile.kernels_error:
            yield f"Kernels of {profile.adapter}: {profile.kernels_error}"
        elif said := [*_kernels(profile)]:
            yield f"Kernels of {profile.adapter}: {'; '.join(said)}"


def _kernels(profile: Profile) -> Iterator[str]:
    for kernel in profile.kernels[:SHOWN]:
        yield f"{kernel.name} × {number(kernel.times)}" + (" in the program" if kernel.compiled else "")
    if called := operators(profile):
        yield f"{number(called)} operators an update"
    yield from profile.libraries
