"""`python -m compare sweep`: every adapter at every size, and a page of figures and tables."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace

from rich.console import Console

from adapters.interface import Cell
from compare.benchmarks.sweep import Network, measure, network_named, sizes
from compare.cli.beginning import command_line
from compare.cli.bench import MOST_ROUNDS
from compare.cli.cluster_option import cluster_of
from compare.cli.plan import check_settings
from compare.cli.progress import bar, progress_bars, say_what_is_set_aside
from compare.cli.signals import INTERRUPTED
from compare.errors import UsageError
from compare.limits import check_in_range
from compare.machine.environment import environment
from compare.records.results import Results
from compare.records.run import is_fault
from compare.records.settings import Settings
from compare.records.sweep import Size
from compare.report.pages import render_pages, write_pages
from compare.runner.origin import this_machine
from compare.storage.checksums import write_checksums
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
    reference = None if task is None else TaskReference(name=task, changes=settings.changes)
    network, name = network_named(reference)
    model = network.model
    chosen = sizes(cell or model.cell, bidirectional or model.bidirectional)
    with hold_output_folder(settings.out):
        check_folder(settings.out, settings.overwrite)
        with cluster_of(settings, {}, console) as cluster:
            clear_folder(settings.out)
            results = _beginning(settings, network, name)
            if cluster is None:
                grown = _sizes_here(settings, chosen, rounds, network, results, console)
            else:
                from compare.cli.cluster_sweep import cluster_sizes  # noqa: PLC0415 - Dask is needed here alone

                grown = cluster_sizes(settings, chosen, rounds, reference, results, cluster, console)
            results = _measured(settings, results, grown, console)
        if results.sweep:
            page = write_pages(render_pages(results, settings.out), settings.out)
            write_checksums(settings.out)
            console.print(f"Report: {page}", soft_wrap=True)
    if results.interrupted:
        return INTERRUPTED
    return 1 if any(map(is_fault, results.sweep)) else 0


def _beginning(settings: Settings, network: Network, name: str) -> Results:
    """What is known before anything is measured."""
    return Results(
        environment=environment(command_line(), settings.threads, preset=""),
        tasks=[],
        runs=[],
        interrupted=True,
        sweep_of=f"as in the task {name} ({network})" if name else "",
    )


def _measured(settings: Settings, results: Results, grown: Generator[Results], console: Console) -> Results:
    """The results to the end, or to an interrupt, each size stored before the next counts."""
    say_what_is_set_aside(console)
    save(results, settings.out)
    try:
        with closing(grown):
            for results in grown:  # noqa: PLR1704 - they are what grows
                save(results, settings.out)
    except KeyboardInterrupt:
        console.print("Interrupted: only what was finished is kept.")
        return results
    except ConnectionError as error:
        reason = f"{error.filename}: {error.strerror}"
        raise UsageError(f"{reason}: only what was finished is kept, in {settings.out}") from error
    results = replace(results, interrupted=False)
    save(results, settings.out)
    return results


def _sizes_here(
    settings: Settings,
    chosen: Sequence[Size],
    rounds: int,
    network: Network,
    results: Results,
    console: Console,
) -> Generator[Results]:
    """The results as they grow, size by size, on this machine."""
    machine = this_machine(results.environment, settings.device)
    turns = len(settings.adapters) * (1 + rounds)
    with progress_bars(console) as progress:
        for size in chosen:
            with bar(progress, str(size), turns) as tick:
                points = measure(size, settings.adapters, settings.threads, rounds, tick, network)
            results = replace(results, sweep=[*results.sweep, *points]).on(machine)
            yield results
