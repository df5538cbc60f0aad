"""`python -m compare bench`: every adapter against the native loops, one table a task."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters import registered
from compare.analysis.statistics import Ratio
from compare.benchmarks.loop_comparison import (
    NATIVE_LOOPS,
    VARIATIONS,
    Comparison,
    compare_with_native_loops,
    varied,
)
from compare.benchmarks.timed_worker import Workload, workload_of
from compare.cli.progress import bar, progress_bars, say_what_is_set_aside
from compare.cli.signals import INTERRUPTED
from compare.cli.validation import check_adapter_names
from compare.errors import UsageError, check_choice
from compare.limits import check_in_range
from compare.machine.devices import allowed_cores
from compare.runner.task_loading import load_task_data
from compare.text import NOTHING, factor, number
from tasks.interface import DataRequest

MOST_ROUNDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSettings:
    """What the command line says."""

    tasks: tuple[str, ...]
    adapters: tuple[str, ...]
    rounds: int
    threads: int
    data: DataRequest


def run_bench(settings: BenchSettings, console: Console) -> int:
    """Compare on every task and show what came of it; return the exit code.

    Raises: UsageError before anything is run.
    """
    for task in settings.tasks:
        check_choice("task with a native loop", task, NATIVE_LOOPS)
    check_adapter_names(settings.adapters)
    if not settings.tasks or not settings.adapters:
        raise UsageError(
            f"nothing to run: choose from {', '.join(NATIVE_LOOPS)} and {', '.join(registered())}"
        )
    check_in_range("--rounds", settings.rounds, MOST_ROUNDS)
    check_in_range("--threads", settings.threads, allowed_cores())
    say_what_is_set_aside(console)
    with console.status("Making the data ready"):
        workloads = {task: _workload(task, settings.data) for task in settings.tasks}
    clean = True
    try:
        for task, workload in workloads.items():
            turns = (len(NATIVE_LOOPS[task]) + len(settings.adapters)) * (1 + settings.rounds)
            with progress_bars(console) as progress, bar(progress, task, turns) as tick:
                found = compare_with_native_loops(
                    task, workload, settings.adapters, settings.threads, settings.rounds, tick
                )
            console.print(comparison_table(task, found))
            for each in found:
                for said in (each.error, *each.departures):
                    if said:
                        console.print(Text(f"{each.name}: {said}"))
            clean &= all(each.error is None for each in found)
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return INTERRUPTED
    console.print(
        Text(
            "Median time of an update with its quartiles; times as fast as a native loop, paired by round, "
            f"with the 95 % interval of the median. {settings.threads} threads each."
        )
    )
    return 0 if clean else 1


def _workload(name: str, request: DataRequest) -> Workload:
    task, changes = VARIATIONS.get(name, (name, {}))
    data = load_task_data(task, request)
    workload = workload_of(data.task, data.dataset)
    return varied(workload, changes) if changes else workload


def comparison_table(task: str, comparisons: Sequence[Comparison]) -> Table:
    """One row a candidate, one column a native loop."""
    table = Table(box=None, pad_edge=False)
    table.add_column(task, overflow="fold")
    table.add_column("µs an update", justify="right", no_wrap=True)
    loops = [*NATIVE_LOOPS[task]]
    for loop in loops:
        table.add_column(f"× as fast as {loop}", justify="right")
    for comparison in comparisons:
        taken = comparison.seconds_per_update
        time = NOTHING
        if taken:
            low, middle, high = (number(1e6 * value) for value in (taken.lower, taken.median, taken.upper))
            time = f"{middle} ({low}–{high})"
        cells = [ratio_with_interval(comparison.speedups.get(loop)) for loop in loops]
        table.add_row(*map(Text, (comparison.name, time, *cells)))
    return table


def ratio_with_interval(ratio: Ratio | None) -> str:
    """The median of a ratio, with its interval where there were rounds enough for one."""
    if ratio is None:
        return NOTHING
    interval = "" if math.isnan(ratio.low) else f" ({factor(ratio.low)}–{factor(ratio.high)})"
    return factor(ratio.median) + interval
