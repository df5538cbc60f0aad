"""`python -m compare sweep`: every adapter at every size, and a page of figures and tables."""

from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console

from adapters.interface import Cell
from compare.benchmarks.sweep import IMAGE_ROWS, Network, measure, network_of, sizes
from compare.cli.beginning import command_line
from compare.cli.bench import MOST_ROUNDS
from compare.cli.plan import check_settings
from compare.cli.progress import bar, progress_bars, say_what_is_set_aside
from compare.cli.signals import INTERRUPTED
from compare.limits import check_in_range
from compare.machine.environment import environment
from compare.records.results import Results
from compare.records.settings import Settings
from compare.records.sweep import Size
from compare.report.pages import render_pages, write_pages
from compare.runner.task_loading import open_task
from compare.storage.results import save
from compare.storage.run_folder import check_folder, clear_folder, hold_output_folder
from tasks.interface import TaskReference


def run_sweep(
    settings: Settings,
    rounds: int,
    console: Console,
    *,
    cell: Cell | None,
    bidirectional: bool,
    task: str | None = None,
) -> int:
    """Measure every size and write the page; return the exit code.

    The network is that of a task, or of `mnist-rows`; `cell` and `bidirectional` take the place of its own.

    Raises: UsageError before anything is run.
    """
    check_settings(settings)
    check_in_range("--rounds", rounds, MOST_ROUNDS)
    network, name = IMAGE_ROWS, ""
    if task is not None:
        opened = open_task(TaskReference(name=task, changes=settings.changes))
        network, name = network_of(opened), opened.name
    model = network.model
    chosen = sizes(cell or model.cell, bidirectional or model.bidirectional)
    with hold_output_folder(settings.out):
        check_folder(settings.out, settings.overwrite)
        clear_folder(settings.out)
        results = _measured(settings, chosen, rounds, console, network, name)
        if results.sweep:
            page = write_pages(render_pages(results, settings.out), settings.out)
            console.print(f"Report: {page}", soft_wrap=True)
    if results.interrupted:
        return INTERRUPTED
    return 0 if all(point.error is None for point in results.sweep) else 1


def _measured(
    settings: Settings,
    chosen: Sequence[Size],
    rounds: int,
    console: Console,
    network: Network,
    name: str,
) -> Results:
    """Every size in turn, each stored before the next begins."""
    results = Results(
        environment=environment(command_line(), settings.threads, preset=""),
        tasks=[],
        runs=[],
        interrupted=True,
        sweep_of=f"as in the task {name} ({network})" if name else "",
    )
    say_what_is_set_aside(console)
    save(results, settings.out)
    turns = len(settings.adapters) * (1 + rounds)
    try:
        with progress_bars(console) as progress:
            for size in chosen:
                title = f"H {size.hidden}, B {size.batch}, T {size.time_steps}, L {size.layers}"
                with bar(progress, title, turns) as tick:
                    points = measure(size, settings.adapters, settings.threads, rounds, tick, network)
                results = replace(results, sweep=[*results.sweep, *points])
                save(results, settings.out)
    except KeyboardInterrupt:
        console.print("Interrupted: only what was finished is kept.")
        return results
    results = replace(results, interrupted=False)
    save(results, settings.out)
    return results
