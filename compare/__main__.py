"""The command line: `python -m compare`."""

from compare.interrupts import heed_interrupts, leave_when_interrupted

leave_when_interrupted()  # before all else is imported, which takes a while

import contextlib
import sys
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Annotated, cast

import typer
from rich.console import Console

from adapters import default_names, registered
from compare.options import (
    ALL_ADAPTERS,
    Adapters,
    Archives,
    Baseline,
    Data,
    Html,
    MemoryLimit,
    OnDevice,
    Out,
    Overwrite,
    Resume,
    Threads,
    Timeout,
    adapter_names,
    data_request,
    proven_tasks,
    settings,
    settings_or_stored,
    taking_settings,
)
from compare.plan import Settings, UsageError, usable_cores
from compare.screen import Screen
from tasks import registered as registered_tasks

app = typer.Typer(
    help="Train one recurrent network in several frameworks, in lockstep, and compare what is left.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
screen = Screen()
console = Console(file=cast(IO[str], screen))


@app.command("all")
@taking_settings
def all_tasks(chosen: Settings) -> None:
    """Run every task and the tutorials' programs on every adapter and write a report."""
    from compare.session import compare  # noqa: PLC0415 - pandas and Matplotlib take longer than `list` may

    everything = replace(chosen, tasks=tuple(registered_tasks()), tutorials=True)
    raise typer.Exit(compare(chosen if chosen.resume else everything, console))


@app.command()
@taking_settings
def run(
    chosen: Settings,
    tasks: Annotated[
        list[str] | None, typer.Argument(help=f"Tasks to run: {', '.join(registered_tasks())}.")
    ] = None,
) -> None:
    """Run some tasks on every adapter and write a report."""
    from compare.session import compare  # noqa: PLC0415

    if chosen.resume and tasks:
        raise UsageError(f"--resume takes the tasks of {chosen.out}: leave out {' '.join(tasks)}")
    if not chosen.resume and not tasks:
        raise UsageError(f"run needs a task: choose from {', '.join(registered_tasks())}")
    some = replace(chosen, tasks=tuple(dict.fromkeys(tasks or ())))
    raise typer.Exit(compare(chosen if chosen.resume else some, console))


@app.command()
def tutorials(
    context: typer.Context,
    adapters: Adapters = ALL_ADAPTERS,
    seeds: Annotated[int, typer.Option(help="Starts to try, seeds 0 to N-1.")] = 10,
    out: Out = None,
    threads: Annotated[
        int | None, typer.Option(help="Workers at once, a thread each; all usable cores if absent.")
    ] = None,
    data: Data = "auto",
    mnist_archives: Archives = None,
    overwrite: Overwrite = False,
    timeout: Timeout = None,
    memory_limit: MemoryLimit = None,
    resume: Resume = None,
) -> None:
    """Run the tutorials' own programs on every adapter; write what they published and what they give here."""
    from compare.session import compare  # noqa: PLC0415

    options = {
        "adapters": adapters,
        "seeds": seeds,
        "preset": "full",
        "out": out,
        "threads": threads,
        "data": data,
        "mnist_archives": mnist_archives,
        "overwrite": overwrite,
        "timeout": timeout,
        "memory_limit": memory_limit,
    }
    chosen = settings_or_stored(context, resume, options)
    raise typer.Exit(compare(replace(chosen, tutorials=True), console))


@app.command()
def check(
    adapters: Annotated[
        list[str] | None, typer.Argument(help=f"Adapters: {', '.join(registered())}; or module:Class.")
    ] = None,
    tasks: Annotated[
        str | None,
        typer.Option(
            help="Tasks on which lockstep is proven, with commas; all if absent, but none if --quick."
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only the quick checks of the suite; takes seconds.")
    ] = False,
    threads: Annotated[
        int, typer.Option(help="Threads for every worker; as many work at once as there are cores for.")
    ] = 1,
    timeout: Annotated[float, typer.Option(help="Seconds that one check or training may take.")] = 300.0,
    data: Data = "auto",
    mnist_archives: Archives = None,
    device: OnDevice = "cpu",
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Show what was found as Markdown, for a pull request.")
    ] = False,
) -> None:
    """Find whether adapters keep the contract, and train in lockstep; exit code 0 only if all do."""
    from compare.proof.checking import CheckSettings, check_adapters  # noqa: PLC0415

    chosen = CheckSettings(
        adapters=tuple(dict.fromkeys(adapters or default_names())),
        tasks=proven_tasks(tasks, quick),
        quick=quick,
        threads=threads,
        timeout_seconds=timeout,
        data=data_request(data, mnist_archives),
        device=device,
        markdown=markdown,
    )
    raise typer.Exit(check_adapters(chosen, console))


@app.command()
def bench(
    tasks: Annotated[
        list[str] | None, typer.Argument(help="Tasks: mnist-rows, sine-online; both if absent.")
    ] = None,
    adapters: Adapters = ALL_ADAPTERS,
    rounds: Annotated[int, typer.Option(help="Rounds, in each of which everybody takes a turn.")] = 15,
    threads: Threads = None,
    data: Data = "auto",
    mnist_archives: Archives = None,
) -> None:
    """Time adapters against the loops that people write without one: torch.nn, Keras fit, the tutorials'."""
    from compare.bench.duels import BARE_LOOPS  # noqa: PLC0415
    from compare.bench.session import BenchSettings, race_all  # noqa: PLC0415

    chosen = BenchSettings(
        tasks=tuple(dict.fromkeys(tasks or BARE_LOOPS)),
        adapters=tuple(dict.fromkeys(adapter_names(adapters))),
        rounds=rounds,
        threads=usable_cores() if threads is None else threads,
        data=data_request(data, mnist_archives),
    )
    raise typer.Exit(race_all(chosen, console))


@app.command()
def sweep(
    adapters: Adapters = ALL_ADAPTERS,
    rounds: Annotated[int, typer.Option(help="Rounds at every size.")] = 5,
    out: Out = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
) -> None:
    """Time a training step against hidden units, batch size and time steps; write figures and tables."""
    from compare.bench.sweep_session import sweep_all  # noqa: PLC0415

    chosen = settings(adapters=adapters, out=out, threads=threads, overwrite=overwrite)
    raise typer.Exit(sweep_all(chosen, rounds, console))


@app.command()
def report(
    run: Annotated[Path, typer.Argument(help="Folder of a stored run.")],
    baseline: Baseline = None,
    html: Html = False,
) -> None:
    """Write the report of a stored run anew."""
    from compare.stored import render  # noqa: PLC0415

    raise typer.Exit(render(run, baseline, html, console))


@app.command()
def diff(
    run_a: Annotated[Path, typer.Argument(help="Folder of the run to compare with.")],
    run_b: Annotated[Path, typer.Argument(help="Folder of the run that is compared.")],
    threshold: Annotated[
        float, typer.Option(help="Per cent from which on a change counts, and a loss is a regression.")
    ] = 5.0,
) -> None:
    """Say what is faster, slower, more or less accurate in RUN_B; exit code 1 on a regression."""
    from compare.stored import compare_runs  # noqa: PLC0415

    raise typer.Exit(compare_runs(run_a, run_b, threshold))


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What to call the adapter, as in --adapters NAME.")],
    package: Annotated[
        bool, typer.Option("--package", help="Write a package that pip installs, in a folder of its own.")
    ] = False,
) -> None:
    """Write an adapter to fill in, and its test, into the current folder; nothing is overwritten."""
    from compare.scaffold import scaffold  # noqa: PLC0415

    for path in scaffold(name, package=package):
        console.print(f"wrote {path}", soft_wrap=True)


@app.command("list")
def list_all() -> None:
    """Show the tasks, and the adapters with their frameworks' versions."""
    from compare.listing import adapters_table, tasks_table  # noqa: PLC0415

    console.print(tasks_table(), adapters_table())
    raise typer.Exit(2 if screen.fault else 0)


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    heed_interrupts()
    with contextlib.ExitStack() as end:
        end.callback(
            lambda: _say(f"cannot write to standard output: {screen.fault}") if screen.fault else None
        )
        try:
            app()
        except UsageError as error:
            _say(str(error))
            sys.exit(2)


def _say(error: str) -> None:
    with contextlib.suppress(OSError):
        print(f"error: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
