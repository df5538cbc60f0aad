"""Profiles on a terminal of 80 columns: stacks side by side, kernels, and what ran that should not have."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from compare.analysis.caveats import poor_kernels, slow_paths
from compare.analysis.profile import PARTS, REST, RULE, UNDIVIDED, Stack, operators, stacks
from compare.records.environment import Environment
from compare.records.profile import Profile
from compare.text import NOTHING, number, signed

WORDS = 22
"""The columns of a terminal for what a row says."""

LONGEST_NAME = 30
"""What is longer is folded."""

LONG_SECONDS = 0.1
"""From which on an update is shown in milliseconds."""

SHOWN = 5
"""How many kernels of each adapter are shown; the page has all."""


def show(profiles: Sequence[Profile], machine: Environment, console: Console) -> None:
    """What came of a profile."""
    found = stacks(profiles)
    for table in stack_tables(found, console.width):
        console.print(table)
    for line in _lines(profiles, found):
        console.print(Text(line))
    rates = {each.adapter: each.product_rate for each in profiles if each.product_rate}
    for caveat in (*poor_kernels(machine, rates), *slow_paths(machine, profiles)):
        console.print(Text(f"Warning: {caveat}"))


def stack_tables(found: Sequence[Stack], width: int) -> Iterator[Table]:
    """As many adapters side by side as fit into so many columns of a terminal, and one at the least."""
    unit, per_second = "µs", 1e6
    if any(stack.whole.median >= LONG_SECONDS for stack in found):
        unit, per_second = "ms", 1e3
    beside: list[Column] = []
    for stack in found:
        column = Column(name=stack.adapter, cells=_cells(stack, per_second))
        if beside and WORDS + sum(1 + each.width for each in (*beside, column)) > width:
            yield _table(unit, beside)
            beside = []
        beside.append(column)
    if beside:
        yield _table(unit, beside)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """An adapter, and its cells from above."""

    name: str
    cells: Sequence[str]

    @property
    def width(self) -> int:
        return max(min(cell_len(self.name), LONGEST_NAME), *map(cell_len, self.cells))


ROWS = (
    "all of it",
    *PARTS.values(),
    REST,
    "bound by",
    "limit: machine's rate",
    "limit: best library",
    "in training turns",
)


def _cells(stack: Stack, per_second: float) -> list[str]:
    """Of each row: the time, and of a part the share that it has of the whole."""

    def time(seconds: float | None) -> str:
        return NOTHING if seconds is None else number(per_second * seconds).replace("-", "−")

    seconds = [*(stack.parts[field].median for field in PARTS), stack.rest] if stack.parts else []
    parts = [f"{time(each)}{_share(each / stack.whole.median)}" for each in seconds]
    return [
        time(stack.whole.median),
        *(parts or [NOTHING] * (len(PARTS) + 1)),
        stack.bound or NOTHING,
        time(stack.rate_seconds),
        time(stack.product_seconds),
        _training(stack),
    ]


def _table(unit: str, columns: Sequence[Column]) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True)
    table.add_column(f"{unit} an update", overflow="fold", min_width=WORDS)
    for column in columns:
        table.add_column(Text(column.name), justify="right", overflow="fold", min_width=column.width)
    for row in zip(ROWS, *(column.cells for column in columns), strict=True):
        table.add_row(*map(Text, row))
    return table


def _share(share: float) -> str:
    return f" {share:5.0%}".replace("-", "−")


def _training(stack: Stack) -> str:
    if stack.departure is None:
        return NOTHING
    return f"{signed(-100 * stack.departure / (1 + stack.departure))} %"


def _lines(profiles: Sequence[Profile], found: Sequence[Stack]) -> Iterator[str]:
    if any(stack.parts for stack in found):
        yield RULE
    if on_gpu := [profile.adapter for profile in profiles if profile.device == "cuda"]:
        yield f"On the GPU: {', '.join(on_gpu)}; limits are those of adapters on the same device."
    if undivided := [stack.adapter for stack in found if not stack.parts]:
        yield f"{UNDIVIDED}: {', '.join(undivided)}."
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
        if said := [*_kernels(profile)]:
            yield f"Kernels of {profile.adapter}: {'; '.join(said)}"


def _kernels(profile: Profile) -> Iterator[str]:
    for kernel in profile.kernels[:SHOWN]:
        yield f"{kernel.name} × {number(kernel.times)}" + (" in the program" if kernel.compiled else "")
    if called := operators(profile):
        yield f"{number(called)} operators an update"
    yield from profile.libraries
