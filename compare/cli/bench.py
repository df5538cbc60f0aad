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
    loops_of,
    varied,
)
from compare.benchmarks.timed_worker import Workload, workload_of
from compare.cli.progress import bar, progress_bars, say_what_is_set_aside
from compare.cli.signals import INTERRUPTED
from compare.cli.validation import check_adapter_names
from compare.errors import UsageError, check_choice
from compare.jobs.job_file import is_job, shown
from compare.limits import check_in_range
from compare.machine.devices import allowed_cores
from compare.runner.task_loading import load_task_data
from compare.text import NOTHING, factor, number
from tasks.interface import DataRequest, TaskReference

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
        if not is_job(task):
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
        benched = [_benched(task, settings.data) for task in settings.tasks]
    clean = True
    try:
        for each in benched:
            turns = (len(NATIVE_LOOPS[each.loops]) + len(settings.adapters)) * (1 + settings.rounds)
            with progress_bars(console) as progress, bar(progress, each.name, turns) as tick:
                found = compare_with_native_loops(
                    each.loops, each.workload, settings.adapters, settings.threads, settings.rounds, tick
                )
            console.print(comparison_table(each, found))
            for comparison in found:
                for said in (comparison.error, *comparison.departures):
                    if said:
                        console.print(Text(f"{comparison.name}: {said}"))
            clean &= all(comparison.error is None for comparison in found)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Benched:
    """A task or a job, what of it is trained, and the entry of `NATIVE_LOOPS` that it is compared with."""

    name: str
    loops: str
    workload: Workload


def _benched(name: str, request: DataRequest) -> Benched:
    """What is compared.

    Raises: UsageError for a job whose network none of the loops trains.
    """
    task, changes = VARIATIONS.get(name, (name, {}))
    data = load_task_data(TaskReference(name=task), request)
    workload = workload_of(data.task, data.dataset)
    if not is_job(name):
        return Benched(name=name, loops=name, workload=varied(workload, changes) if changes else workload)
    loops = loops_of(data.task.model, data.task.train)
    if loops is None:
        raise UsageError(
            f"{shown(name)}: bench has loops for classes under Adam, of one LSTM or GRU layer, or two LSTM "
            "layers in both directions: run it instead"
        )
    return Benched(name=data.task.name, loops=loops, workload=workload)


def comparison_table(benched: Benched, comparisons: Sequence[Comparison]) -> Table:
    """One row a candidate, one column a native loop."""
    table = Table(box=None, pad_edge=False)
    table.add_column(benched.name, overflow="fold")
    table.add_column("µs an update", justify="right", no_wrap=True)
    loops = [*NATIVE_LOOPS[benched.loops]]
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
