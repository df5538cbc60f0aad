"""The command line: `python -m compare`."""

import sys
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
    """Run every task on every adapter and write a report."""
    run([*TASKS], adapters, seeds, epochs, preset, out, threads, data, mnist_archives, overwrite)


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
    from compare.session import compare  # noqa: PLC0415 - pandas and Matplotlib take longer than `list` may

    known("preset", preset, get_args(Preset))
    known("data", data, get_args(DataChoice))
    settings = Settings(
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
    raise typer.Exit(compare(settings, console))


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
