"""`python -m compare sweep`: every adapter at every size, and a page of figures and tables."""

from dataclasses import replace

from rich.console import Console

from compare.benchmarks.sweep import measure, sizes
from compare.cli.beginning import command_line
from compare.cli.bench import MOST_ROUNDS
from compare.cli.plan import check_settings
from compare.cli.progress import bar, progress_bars
from compare.cli.signals import INTERRUPTED
from compare.limits import check_in_range
from compare.machine.environment import environment
from compare.records.results import Results
from compare.records.settings import Settings
from compare.report.pages import render_pages, write_pages
from compare.storage.results import save
from compare.storage.run_folder import check_folder, clear_folder, hold_output_folder


def run_sweep(settings: Settings, rounds: int, console: Console) -> int:
    """Measure every size and write the page; return the exit code.

    Raises: UsageError before anything is run.
    """
    check_settings(settings)
    check_in_range("--rounds", rounds, MOST_ROUNDS)
    with hold_output_folder(settings.out):
        check_folder(settings.out, settings.overwrite)
        clear_folder(settings.out)
        results = _measured(settings, rounds, console)
        if results.sweep:
            page = write_pages(render_pages(results, settings.out), settings.out)
            console.print(f"Report: {page}", soft_wrap=True)
    if results.interrupted:
        return INTERRUPTED
    return 0 if all(point.error is None for point in results.sweep) else 1


def _measured(settings: Settings, rounds: int, console: Console) -> Results:
    """Every size in turn, each stored before the next begins."""
    results = Results(
        environment=environment(command_line(), settings.threads, preset=""),
        tasks=[],
        runs=[],
        interrupted=True,
    )
    save(results, settings.out)
    turns = len(settings.adapters) * (1 + rounds)
    try:
        with progress_bars(console) as progress:
            for size in sizes():
                title = f"H {size.hidden}, B {size.batch}, T {size.time_steps}"
                with bar(progress, title, turns) as tick:
                    points = measure(size, settings.adapters, settings.threads, rounds, tick)
                results = replace(results, sweep=[*results.sweep, *points])
                save(results, settings.out)
    except KeyboardInterrupt:
        console.print("Interrupted: only what was finished is kept.")
        return results
    results = replace(results, interrupted=False)
    save(results, settings.out)
    return results
