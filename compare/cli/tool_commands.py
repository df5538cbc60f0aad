"""The commands `check`, `new`, `bench`, `profile`, `sweep`, `describe` and `list`."""

from typing import Annotated, cast, get_args

import typer

from adapters import default_names, registered
from adapters.interface import Cell
from compare.benchmarks.loops import NATIVE_LOOPS
from compare.cli.app import app, console, error_console
from compare.cli.lists import adapter_names, parity_tasks, wanted
from compare.cli.options import (
    ALL_ADAPTERS,
    Adapters,
    Archives,
    Changes,
    Chosen,
    Data,
    OnCluster,
    OnDevice,
    Out,
    Overwrite,
    Threads,
    data_request,
    output_folder,
    settings,
)
from compare.errors import UsageError, check_choice
from compare.jobs.job_file import located
from compare.machine.devices import usable_cores
from tasks.interface import Preset, TaskReference


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
    changes: Changes = None,
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
        changes=tuple(changes or ()),
    )
    raise typer.Exit(check_adapters(chosen, console, error_console if markdown else console))


@app.command(
    help="Write an adapter and its test, or a job and its data, into the current folder, to be filled in."
)
def new(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[job] NAME",
            help="What to call the adapter, as in --adapters NAME; or job, and its name.",
        ),
    ],
    package: Annotated[
        bool, typer.Option("--package", help="Write a package that pip installs, in a folder of its own.")
    ] = False,
) -> None:
    from compare.cli.scaffold import JOB, scaffold  # noqa: PLC0415

    is_job = len(words) == 2 and words[0] == JOB
    if not is_job and len(words) != 1:
        raise UsageError(f"new {' '.join(words)}: it takes NAME for an adapter, or job NAME for a job")
    if is_job and package:
        raise UsageError("--package is for an adapter: leave it out")
    if is_job:
        from compare.cli.job_scaffold import scaffold_job  # noqa: PLC0415

        written = scaffold_job(words[1])
    else:
        written = scaffold(words[0], package=package)
    for path in written:
        console.print(f"wrote {path}", soft_wrap=True)


@app.command(
    help="Time adapters against the loops that people write without one: torch.nn, Keras fit, the tutorials'."
)
def bench(
    tasks: Annotated[
        list[str] | None,
        typer.Argument(
            help=f"Tasks: {', '.join(NATIVE_LOOPS)}; or a job of classes; all but jobs if absent."
        ),
    ] = None,
    adapters: Adapters = ALL_ADAPTERS,
    rounds: Annotated[
        int, typer.Option(help="Rounds, in each of which every adapter and loop takes a turn.")
    ] = 15,
    processes: Annotated[
        int, typer.Option(help="Processes of each, one after the other, over which the rounds are spread.")
    ] = 3,
    threads: Threads = None,
    data: Data = "auto",
    mnist_archives: Archives = None,
    device: OnDevice = "cpu",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the tables as Markdown.")] = False,
) -> None:
    from compare.cli.bench import BenchSettings, run_bench  # noqa: PLC0415

    chosen = BenchSettings(
        tasks=tuple(dict.fromkeys(map(located, tasks or NATIVE_LOOPS))),
        adapters=tuple(dict.fromkeys(adapter_names(adapters))),
        rounds=rounds,
        processes=processes,
        threads=usable_cores() if threads is None else threads,
        device=device,
        data=data_request(data, mnist_archives),
        markdown=markdown,
    )
    raise typer.Exit(run_bench(chosen, console, error_console if markdown else console))


@app.command(help="Say where the time of an update goes: products, functions, calls; and which kernels ran.")
def profile(
    task: Annotated[str, typer.Argument(help="A task, or a job's TOML file.")],
    adapters: Adapters = ALL_ADAPTERS,
    rounds: Annotated[int, typer.Option(help="Rounds, in each of which everything takes a turn.")] = 5,
    out: Annotated[
        str | None, typer.Option(help="Folder for a page with a figure; shown here alone if absent.")
    ] = None,
    threads: Threads = None,
    data: Data = "auto",
    mnist_archives: Archives = None,
    device: OnDevice = "cpu",
    overwrite: Overwrite = False,
    changes: Changes = None,
) -> None:
    from compare.cli.profile import ProfileSettings, run_profile  # noqa: PLC0415

    chosen = ProfileSettings(
        task=TaskReference(name=located(task), changes=tuple(changes or ())),
        adapters=tuple(dict.fromkeys(adapter_names(adapters))),
        rounds=rounds,
        threads=usable_cores() if threads is None else threads,
        device=device,
        data=data_request(data, mnist_archives),
        out=None if out is None else output_folder(out),
        overwrite=overwrite,
    )
    raise typer.Exit(run_profile(chosen, console))


@app.command(
    help="Time a training step against hidden units, batch size, time steps and layers; write a page."
)
def sweep(
    adapters: Adapters = ALL_ADAPTERS,
    rounds: Annotated[int, typer.Option(help="Rounds at every size.")] = 5,
    cell: Annotated[
        str | None, typer.Option(help="The cell: elman, lstm or gru; the task's if absent.")
    ] = None,
    bidirectional: Annotated[
        bool, typer.Option("--bidirectional", help="Read the sequences in both directions.")
    ] = False,
    task: Annotated[
        str | None, typer.Option(help="A task or a job's file whose network it is; mnist-rows if absent.")
    ] = None,
    changes: Changes = None,
    out: Out = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
    cluster: OnCluster = None,
) -> None:
    from compare.cli.sweep import run_sweep  # noqa: PLC0415

    if cell is not None:
        check_choice("cell", cell, get_args(Cell))
    chosen = settings(
        adapters=adapters, out=out, threads=threads, overwrite=overwrite, changes=changes, cluster=cluster
    )
    code = run_sweep(
        chosen,
        rounds,
        console,
        cell=cast(Cell | None, cell),
        bidirectional=bidirectional,
        task=None if task is None else located(task),
    )
    raise typer.Exit(code)


@app.command(
    help="Say what would be run: sequences, parameters, updates, memory and time; nothing is trained."
)
def describe(
    task: Annotated[str, typer.Argument(help="A job's TOML file, or a task.")],
    preset: Chosen = "quick",
    data: Data = "auto",
    mnist_archives: Archives = None,
    changes: Changes = None,
) -> None:
    from compare.cli.describe import describe as describe_task  # noqa: PLC0415

    check_choice("preset", preset, get_args(Preset))
    reference = TaskReference(name=located(task), changes=tuple(changes or ()))
    request = data_request(data, mnist_archives)
    raise typer.Exit(describe_task(reference, request, cast(Preset, preset), console))


@app.command("list", help="Show the tasks, and the adapters with their frameworks' versions.")
def list_all() -> None:
    from compare.cli.list import adapters_table, tasks_table  # noqa: PLC0415

    console.print(tasks_table(), adapters_table())
