"""`python -m compare bench`: every adapter against the native loops, one table a task."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text
from tabulate import tabulate

from adapters import registered
from compare.benchmarks.loop_comparison import (
    Comparison,
    Effort,
    bases_of,
    candidates_of,
    compare_with_native_loops,
    varied,
)
from compare.benchmarks.loops import NATIVE_LOOPS, VARIATIONS, loops_of, unavailable_loops
from compare.benchmarks.timed_worker import Workload, workload_of
from compare.cli.progress import bar, progress_bars, say_what_is_set_aside
from compare.cli.signals import INTERRUPTED
from compare.cli.validation import check_adapter_names, check_device
from compare.errors import UsageError, check_choice
from compare.jobs.job_file import is_job, shown
from compare.limits import check_in_range
from compare.machine.devices import allowed_cores, gpus
from compare.machine.environment import environment
from compare.records.run import is_fault
from compare.report.tables.table import ratio_with_interval
from compare.runner.task_loading import load_task_data
from compare.text import NOTHING, counted, escape, number
from tasks.interface import DataRequest, TaskReference

MOST_ROUNDS = 1000
MOST_PROCESSES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchSettings:
    """What the command line says."""

    tasks: tuple[str, ...]
    adapters: tuple[str, ...]
    rounds: int
    processes: int
    threads: int
    device: str
    data: DataRequest
    markdown: bool = False

    @property
    def effort(self) -> Effort:
        """The rounds spread over the processes, of which there are no more than rounds."""
        processes = min(self.processes, self.rounds)
        rounds = math.ceil(self.rounds / processes)
        return Effort(threads=self.threads, processes=processes, rounds=rounds, device=self.device)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benched:
    """A task or a job, what of it is trained, and the entry of `NATIVE_LOOPS` that it is compared with."""

    name: str
    loops: str
    workload: Workload


def run_bench(settings: BenchSettings, console: Console, error_console: Console) -> int:
    """Compare on every task and show what came of it, progress on `error_console`; return the exit code.

    Raises: UsageError before anything is run.
    """
    for task in settings.tasks:
        if not is_job(task):
            check_choice("task with a native loop", task, NATIVE_LOOPS)
    check_adapter_names(settings.adapters)
    check_device(settings.device, settings.adapters)
    if not settings.tasks or not settings.adapters:
        raise UsageError(
            f"nothing to run: choose from {', '.join(NATIVE_LOOPS)} and {', '.join(registered())}"
        )
    check_in_range("--rounds", settings.rounds, MOST_ROUNDS)
    check_in_range("--processes", settings.processes, MOST_PROCESSES)
    check_in_range("--threads", settings.threads, allowed_cores())
    say_what_is_set_aside(error_console)
    with error_console.status("Making the data ready"):
        benched = [_benched(task, settings.data) for task in settings.tasks]
    effort, clean = settings.effort, True
    show = _show_markdown if settings.markdown else _show
    try:
        for each in benched:
            turns = len(candidates_of(each.loops, settings.adapters)) * (1 + effort.rounds) * effort.processes
            with progress_bars(error_console) as progress, bar(progress, each.name, turns) as tick:
                found = compare_with_native_loops(each.loops, each.workload, settings.adapters, effort, tick)
            show(each, found, console)
            clean &= not any(map(is_fault, found))
    except KeyboardInterrupt:
        error_console.print("Interrupted.")
        return INTERRUPTED
    console.print(Text(_legend(effort)), soft_wrap=settings.markdown)
    return 0 if clean else 1


def _legend(effort: Effort) -> str:
    """What the numbers are, and of which machine."""
    machine = environment("", effort.threads, preset="")
    place = f"{counted(effort.threads, 'thread')} each on {machine.cpu}"
    if effort.device != "cpu":
        place += f", with {'; '.join(gpus())}"
    return (
        "Median time of an update with its quartiles; times as fast as a native loop, paired by round, with "
        f"the 95 % interval over {effort.processes} of its processes, from three on. The first loop is timed "
        f"again in other processes, which tells how far the same is from itself. {place}."
    )


def _show(benched: Benched, found: Sequence[Comparison], console: Console) -> None:
    """A table, and below it what was not as it should be."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    (first, *others), *rows = comparison_cells(benched, found)
    table.add_column(first, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)
    for said in remarks(benched, found):
        console.print(Text(said))


def _show_markdown(benched: Benched, found: Sequence[Comparison], console: Console) -> None:
    headings, *rows = [[escape(cell) for cell in row] for row in comparison_cells(benched, found)]
    sides = ["left", *["right"] * (len(headings) - 1)]
    table = tabulate(rows, headings, tablefmt="pipe", disable_numparse=True, colalign=sides)
    console.out("\n\n".join([table, *map(escape, remarks(benched, found))]), "\n", highlight=False)


def remarks(benched: Benched, found: Sequence[Comparison]) -> list[str]:
    """What was not as it should be: a loop left out or found to differ from itself, what went wrong."""
    left_out = [f"{name} is left out: {reason}" for name, reason in unavailable_loops(benched.loops).items()]
    return left_out + [
        f"{comparison.name}: {said}"
        for comparison in found
        for said in (comparison.error, _against_itself(comparison), *comparison.departures)
        if said
    ]


def _against_itself(comparison: Comparison) -> str | None:
    """What was found between a candidate and the same once more, where anything was."""
    ratio = comparison.differs_from_itself
    if ratio is None:
        return None
    times = f"{ratio_with_interval(ratio)} times as fast as {comparison.twin_of}, which is the same"
    return f"{times}: differences of that size, which one run in twenty finds by chance, mean nothing here"


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


def comparison_cells(benched: Benched, comparisons: Sequence[Comparison]) -> list[list[str]]:
    """The headings, then one row a candidate; one column a native loop, and what it ran of a GPU, if any."""
    bases = bases_of(benched.loops, [comparisons[0].name])
    on_gpu = any(comparison.device != "cpu" for comparison in comparisons)
    headings = [benched.name, "µs an update", *(f"× as fast as {base}" for base in bases)]
    rows = []
    for comparison in comparisons:
        taken = comparison.seconds_per_update
        time = NOTHING
        if taken:
            low, middle, high = (number(1e6 * value) for value in (taken.lower, taken.median, taken.upper))
            time = f"{middle} ({low}–{high})"
        ratios = [ratio_with_interval(comparison.speedups.get(base)) for base in bases]
        gpu = [comparison.device, number(comparison.gpu_kernels)] if on_gpu else []
        rows.append([comparison.name, time, *ratios, *gpu])
    return [[*headings, *(["device", "GPU kernels an update"] if on_gpu else [])], *rows]
