"""The command line: `python -m compare`."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, cast, get_args

import typer
from rich.console import Console

from adapters import ADAPTERS
from compare.plan import Settings, UsageError, known, usable_cores
from tasks import TASKS
from tasks.interface import DataChoice, DataRequest, Preset

app = typer.Typer(
    help="Train one recurrent network in several frameworks, in lockstep, and compare what is left.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
console = Console()

ALL_ADAPTERS = ",".join(ADAPTERS)

Adapters = Annotated[
    str, typer.Option(help=f"Adapters, with commas: {', '.join(ADAPTERS)}; or module:Class.")
]
Seeds = Annotated[
    int | None, typer.Option(help="Starts to try, seeds 0 to N-1; the preset's number if absent.")
]
Epochs = Annotated[int | None, typer.Option(help="Epochs of every task; the preset's number if absent.")]
Chosen = Annotated[str, typer.Option("--preset", help="How long to train: quick, standard or full.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the report; reports/<date and time> if absent.")]
Threads = Annotated[int | None, typer.Option(help="Threads for every worker; all usable cores if absent.")]
Data = Annotated[str, typer.Option(help="Images for mnist-rows: auto, mnist or digits (a stand-in).")]
Archives = Annotated[
    Path | None, typer.Option(help="Folder with the four original MNIST archives, instead of a download.")
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a report that is already in --out.")]


@app.command("all")
def all_tasks(
    adapters: Adapters = ALL_ADAPTERS,
    seeds: Seeds = None,
    epochs: Epochs = None,
    preset: Chosen = "quick",
    out: Out = None,
    threads: Threads = None,
    data: Data = "auto",
    mnist_archives: Archives = None,
    overwrite: Overwrite = False,
) -> None:
    """Run every task and the tutorials' programs on every adapter and write a report."""
    from compare.session import compare  # noqa: PLC0415 - pandas and Matplotlib take longer than `list` may

    settings = chosen(
        [*TASKS], adapters, seeds, epochs, preset, out, threads, data, mnist_archives, overwrite
    )
    raise typer.Exit(compare(replace(settings, tutorials=True), console))


@app.command()
def run(
    tasks: Annotated[list[str], typer.Argument(help=f"Tasks to run: {', '.join(TASKS)}.")],
    adapters: Adapters = ALL_ADAPTERS,
    seeds: Seeds = None,
    epochs: Epochs = None,
    preset: Chosen = "quick",
    out: Out = None,
    threads: Threads = None,
    data: Data = "auto",
    mnist_archives: Archives = None,
    overwrite: Overwrite = False,
) -> None:
    """Run some tasks on every adapter and write a report."""
    from compare.session import compare  # noqa: PLC0415

    settings = chosen(tasks, adapters, seeds, epochs, preset, out, threads, data, mnist_archives, overwrite)
    raise typer.Exit(compare(settings, console))


@app.command()
def tutorials(
    adapters: Adapters = ALL_ADAPTERS,
    seeds: Annotated[int, typer.Option(help="Starts to try, seeds 0 to N-1.")] = 10,
    out: Out = None,
    threads: Annotated[
        int | None, typer.Option(help="Workers at once, a thread each; all usable cores if absent.")
    ] = None,
    data: Data = "auto",
    mnist_archives: Archives = None,
    overwrite: Overwrite = False,
) -> None:
    """Run the tutorials' own programs on every adapter; write what they published and what they give here."""
    from compare.tutorials.session import run_tutorials  # noqa: PLC0415

    settings = chosen([], adapters, seeds, None, "full", out, threads, data, mnist_archives, overwrite)
    raise typer.Exit(run_tutorials(settings, console))


def chosen(
    tasks: Sequence[str],
    adapters: str,
    seeds: int | None,
    epochs: int | None,
    preset: str,
    out: Path | None,
    threads: int | None,
    data: str,
    mnist_archives: Path | None,
    overwrite: bool,
) -> Settings:
    """The options as settings.

    Raises: UsageError for an unknown preset or kind of data.
    """
    known("preset", preset, get_args(Preset))
    known("data", data, get_args(DataChoice))
    return Settings(
        tasks=tuple(dict.fromkeys(tasks)),
        adapters=tuple(name.strip() for name in adapters.split(",") if name.strip()),
        preset=cast(Preset, preset),
        seeds=seeds,
        epochs=epochs,
        threads=usable_cores() if threads is None else threads,
        data=DataRequest(choice=cast(DataChoice, data), mnist_archives=mnist_archives),
        out=out or Path("reports") / datetime.now().strftime("%Y-%m-%d-%H%M%S"),
        overwrite=overwrite,
    )


@app.command()
def check(
    adapters: Annotated[
        list[str] | None, typer.Argument(help=f"Adapters: {', '.join(ADAPTERS)}; or module:Class.")
    ] = None,
    tasks: Annotated[str, typer.Option(help="Tasks on which lockstep is proven, with commas.")] = ",".join(
        TASKS
    ),
    quick: Annotated[bool, typer.Option("--quick", help="Only the quick checks of the suite.")] = False,
    threads: Annotated[
        int, typer.Option(help="Threads for every worker; as many work at once as there are cores for.")
    ] = 1,
    timeout: Annotated[float, typer.Option(help="Seconds that one check or training may take.")] = 300.0,
    data: Data = "auto",
    mnist_archives: Archives = None,
) -> None:
    """Find whether adapters keep the contract, and train in lockstep; exit code 0 only if all do."""
    from compare.proof.checking import CheckSettings, check_adapters  # noqa: PLC0415

    known("data", data, get_args(DataChoice))
    settings = CheckSettings(
        adapters=tuple(dict.fromkeys(adapters or ADAPTERS)),
        tasks=tuple(dict.fromkeys(name.strip() for name in tasks.split(",") if name.strip())),
        quick=quick,
        threads=threads,
        timeout_seconds=timeout,
        data=DataRequest(choice=cast(DataChoice, data), mnist_archives=mnist_archives),
    )
    raise typer.Exit(check_adapters(settings, console))


@app.command("list")
def list_all() -> None:
    """Show the tasks, and the adapters with their frameworks' versions."""
    from compare.listing import adapters_table, tasks_table  # noqa: PLC0415

    console.print(tasks_table(), adapters_table())


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 2."""
    try:
        app()
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
