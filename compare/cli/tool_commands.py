"""The commands `check`, `new`, `bench`, `sweep` and `list`."""

from typing import Annotated, cast, get_args

import typer

from adapters import default_names, registered
from adapters.interface import Cell
from compare.cli.app import app, console, error_console
from compare.cli.lists import adapter_names, parity_tasks, wanted
from compare.cli.options import (
    ALL_ADAPTERS,
    Adapters,
    Archives,
    Data,
    OnDevice,
    Out,
    Overwrite,
    Threads,
    data_request,
    settings,
)
from compare.errors import check_choice
from compare.machine.devices import usable_cores


@app.command(help="Check that adapters keep the contract and train in lockstep; exit code 0 only if all do.")
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
    only: Annotated[
        str | None, typer.Option(help="Checks of the suite, with commas: those alone, and no lockstep.")
    ] = None,
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
    from compare.cli.check import CheckSettings, check_adapters  # noqa: PLC0415

    chosen = CheckSettings(
        adapters=tuple(dict.fromkeys(adapters or default_names())),
        tasks=parity_tasks(tasks, quick or only is not None),
        quick=quick,
        only=wanted(only),
        threads=threads,
        timeout_seconds=timeout,
        data=data_request(data, mnist_archives),
        device=device,
        markdown=markdown,
    )
    raise typer.Exit(check_adapters(chosen, console, error_console if markdown else console))


@app.command(
    help="Write an adapter to fill in, and its test, into the current folder; nothing is overwritten."
)
def new(
    name: Annotated[str, typer.Argument(help="What to call the adapter, as in --adapters NAME.")],
    package: Annotated[
        bool, typer.Option("--package", help="Write a package that pip installs, in a folder of its own.")
    ] = False,
) -> None:
    from compare.cli.scaffold import scaffold  # noqa: PLC0415

    for path in scaffold(name, package=package):
        console.print(f"wrote {path}", soft_wrap=True)


@app.command(
    help="Time adapters against the loops that people write without one: torch.nn, Keras fit, the tutorials'."
)
def bench(
    tasks: Annotated[
        list[str] | None,
        typer.Argument(
            help="Tasks: mnist-rows, mnist-rows-gru, mnist-rows-stacked (two layers in both directions), "
            "sine-online; all if absent."
        ),
    ] = None,
    adapters: Adapters = ALL_ADAPTERS,
    rounds: Annotated[
        int, typer.Option(help="Rounds, in each of which every adapter and loop takes a turn.")
    ] = 15,
    threads: Threads = None,
    data: Data = "auto",
    mnist_archives: Archives = None,
) -> None:
    from compare.benchmarks.loop_comparison import NATIVE_LOOPS  # noqa: PLC0415
    from compare.cli.bench import BenchSettings, run_bench  # noqa: PLC0415

    chosen = BenchSettings(
        tasks=tuple(dict.fromkeys(tasks or NATIVE_LOOPS)),
        adapters=tuple(dict.fromkeys(adapter_names(adapters))),
        rounds=rounds,
        threads=usable_cores() if threads is None else threads,
        data=data_request(data, mnist_archives),
    )
    raise typer.Exit(run_bench(chosen, console))


@app.command(
    help="Time a training step against hidden units, batch size, time steps and layers; write a page."
)
def sweep(
    adapters: Adapters = ALL_ADAPTERS,
    rounds: Annotated[int, typer.Option(help="Rounds at every size.")] = 5,
    cell: Annotated[str, typer.Option(help="The cell: elman, lstm or gru.")] = "lstm",
    bidirectional: Annotated[
        bool, typer.Option("--bidirectional", help="Read the sequences in both directions.")
    ] = False,
    out: Out = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
) -> None:
    from compare.cli.sweep import run_sweep  # noqa: PLC0415

    check_choice("cell", cell, get_args(Cell))
    chosen = settings(adapters=adapters, out=out, threads=threads, overwrite=overwrite)
    raise typer.Exit(run_sweep(chosen, rounds, console, cell=cast(Cell, cell), bidirectional=bidirectional))


@app.command("list", help="Show the tasks, and the adapters with their frameworks' versions.")
def list_all() -> None:
    from compare.cli.list import adapters_table, tasks_table  # noqa: PLC0415

    console.print(tasks_table(), adapters_table())
