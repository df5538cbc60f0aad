"""The commands `all`, `run`, `tutorials` and `accuracy`, and `report` and `diff` of what they leave."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from compare.cli.app import app, console
from compare.cli.options import (
    ALL_ADAPTERS,
    Adapters,
    Archives,
    Baseline,
    Data,
    Html,
    MemoryLimit,
    OnCluster,
    OnDevice,
    Out,
    Overwrite,
    Quiet,
    Resume,
    RetryFailed,
    Threads,
    Timeout,
    named_folder,
    settings_or_stored,
    taking_settings,
)
from compare.errors import UsageError, check_choice
from compare.jobs.job_file import located
from compare.records.accuracy import RecipeName
from compare.records.settings import Settings
from tasks import registered as registered_tasks


@app.command("all", help="Run every task and the tutorials' programs on every adapter and write a report.")
@taking_settings
def all_tasks(chosen: Settings) -> None:
    from compare.cli.run import compare  # noqa: PLC0415 - pandas and Matplotlib take longer than `list` may
    from compare.runner.task_loading import tasks_of_all  # noqa: PLC0415

    if not chosen.resume:
        taken, left_out = tasks_of_all(chosen.preset)
        chosen = replace(chosen, tasks=taken, left_out=left_out, tutorials=True)
    raise typer.Exit(compare(chosen, console))


@app.command(help="Run some tasks on every adapter and write a report.")
@taking_settings
def run(
    chosen: Settings,
    tasks: Annotated[
        list[str] | None,
        typer.Argument(help=f"Tasks to run: {', '.join(registered_tasks())}; or a job's TOML file."),
    ] = None,
) -> None:
    from compare.cli.run import compare  # noqa: PLC0415

    if chosen.resume and tasks:
        raise UsageError(f"--resume takes the tasks of {chosen.out}: leave out {' '.join(tasks)}")
    if not chosen.resume and not tasks:
        raise UsageError(f"run needs a task: choose from {', '.join(registered_tasks())}")
    some = replace(chosen, tasks=tuple(dict.fromkeys(map(located, tasks or ()))))
    raise typer.Exit(compare(chosen if chosen.resume else some, console))


@app.command(
    help="Run the tutorials' own programs on every adapter; write what they published and what comes here."
)
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
    quiet: Quiet = False,
    timeout: Timeout = None,
    memory_limit: MemoryLimit = None,
    resume: Resume = None,
    retry_failed: RetryFailed = False,
) -> None:
    from compare.cli.run import compare  # noqa: PLC0415

    options = {
        "adapters": adapters,
        "seeds": seeds,
        "preset": "full",
        "out": out,
        "threads": threads,
        "data": data,
        "mnist_archives": mnist_archives,
        "overwrite": overwrite,
        "quiet": quiet,
        "timeout": timeout,
        "memory_limit": memory_limit,
        "retry_failed": retry_failed,
    }
    chosen = settings_or_stored(context, resume, options)
    raise typer.Exit(compare(chosen if chosen.resume else replace(chosen, tutorials=True), console))


@app.command(
    help="Make a reference for accuracy: mnist-rows by recipes for it, judged by all held-out images."
)
def accuracy(
    context: typer.Context,
    adapters: Adapters = ALL_ADAPTERS,
    recipe: Annotated[str | None, typer.Option(help="plain or augmented; both if absent.")] = None,
    choose: Annotated[
        bool,
        typer.Option(
            "--choose",
            help="Try all recipes again that they were chosen from: on training images alone, with the "
            "first adapter.",
        ),
    ] = False,
    seeds: Annotated[
        int | None,
        typer.Option(
            help="Starts to try, seeds 0 to N-1; 10 if absent. The first 3 are for every adapter, the others "
            "for the fastest."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs, instead of the recipe's own.")] = None,
    out: Out = None,
    threads: Threads = None,
    data: Data = "auto",
    mnist_archives: Archives = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    timeout: Timeout = None,
    memory_limit: MemoryLimit = None,
    device: OnDevice = "cpu",
    cluster: OnCluster = None,
    resume: Resume = None,
    retry_failed: RetryFailed = False,
) -> None:
    from compare.cli.run import compare  # noqa: PLC0415

    options = {
        "adapters": adapters,
        "seeds": seeds,
        "epochs": epochs,
        "out": out,
        "threads": threads,
        "data": data,
        "mnist_archives": mnist_archives,
        "overwrite": overwrite,
        "quiet": quiet,
        "timeout": timeout,
        "memory_limit": memory_limit,
        "device": device,
        "cluster": cluster,
        "retry_failed": retry_failed,
    }
    own = {"recipe": recipe, "choose": choose} if resume else {}
    chosen = settings_or_stored(context, resume, {**options, **own})
    if not chosen.resume:
        names = get_args(RecipeName)
        if recipe is not None:
            check_choice("recipe", recipe, names)
        taken = names if recipe is None else (cast(RecipeName, recipe),)
        chosen = replace(chosen, recipes=taken, choose=choose)
    raise typer.Exit(compare(chosen, console))


@app.command(help="Write the report of a stored run anew.")
def report(
    run: Annotated[Path, typer.Argument(parser=named_folder, help="Folder of a stored run.")],
    baseline: Baseline = None,
    html: Html = False,
) -> None:
    from compare.cli.stored import render  # noqa: PLC0415

    raise typer.Exit(render(run, baseline, html, console))


@app.command(help="Say what is faster, slower, more or less accurate in RUN_B; exit code 1 on a regression.")
def diff(
    run_a: Annotated[Path, typer.Argument(parser=named_folder, help="Folder of the run to compare with.")],
    run_b: Annotated[Path, typer.Argument(parser=named_folder, help="Folder of the run that is compared.")],
    threshold: Annotated[
        float, typer.Option(help="Per cent from which on a change counts, and a loss is a regression.")
    ] = 5.0,
) -> None:
    from compare.cli.stored import compare_runs  # noqa: PLC0415

    raise typer.Exit(compare_runs(run_a, run_b, threshold, console))
