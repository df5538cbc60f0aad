"""The options that commands share, and the settings that they become."""

import inspect
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer

from adapters import default_names, registered
from compare.cli.lists import EVERY, adapter_names
from compare.errors import UsageError, check_choice
from compare.machine.devices import usable_cores
from compare.records.settings import Settings
from tasks.interface import DataChoice, DataRequest, Preset


def named_folder(name: str) -> Path:
    """The folder of this name.

    Raises: UsageError for an empty one, which would be the current folder.
    """
    if not name.strip():
        raise UsageError("a folder's name is empty: name one, or . for the folder that you are in")
    return Path(name)


ALL_ADAPTERS = ",".join(default_names())

Adapters = Annotated[
    str,
    typer.Option(help=f"Adapters, with commas: {', '.join(registered())}; or module:Class; or {EVERY}."),
]
Seeds = Annotated[
    int | None, typer.Option(help="Starts to try, seeds 0 to N-1; the preset's number if absent.")
]
Epochs = Annotated[int | None, typer.Option(help="Epochs of every task; the preset's number if absent.")]
Chosen = Annotated[str, typer.Option("--preset", help="How long to train: quick, standard or full.")]
Out = Annotated[str | None, typer.Option(help="Folder for the report; reports/<date and time> if absent.")]
Threads = Annotated[int | None, typer.Option(help="Threads for every worker; all usable cores if absent.")]
Data = Annotated[str, typer.Option(help="Images for mnist-rows: auto, mnist or digits (a stand-in).")]
DataOfPreset = Annotated[
    str,
    typer.Option("--data", help="Images for mnist-rows: mnist or digits; auto takes digits when quick."),
]
Archives = Annotated[
    Path | None,
    typer.Option(
        parser=named_folder,
        metavar="DIR",
        help="Folder with the four original MNIST archives, instead of a download.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace a report that is already in --out.")]
Rounds = Annotated[
    int | None,
    typer.Option(
        help="Timed rounds that count, of as many processes at most; the preset's number if absent."
    ),
]
WarmUps = Annotated[
    int | None, typer.Option(help="Rounds before those, kept apart; found by their times if absent.")
]
Baseline = Annotated[str | None, typer.Option(help="An adapter to compare the others with, as well.")]
SelfTest = Annotated[
    bool,
    typer.Option("--self-test", help="Run every adapter twice (an A/A test): no difference may be found."),
]
Html = Annotated[bool, typer.Option("--html", help="Write the report as one HTML file, too.")]

Save = Annotated[
    bool, typer.Option("--save", help="Write the parameters that each adapter has learned, too.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show what went wrong and the last line alone.")]
Timeout = Annotated[
    float | None, typer.Option(help="Seconds that a worker may take for a turn; the task's if absent.")
]
MemoryLimit = Annotated[
    int | None, typer.Option(help="MiB that a worker and what it starts may hold; no limit if absent.")
]
Resume = Annotated[
    Path | None,
    typer.Option(
        parser=named_folder,
        metavar="DIR",
        help="Folder of a run that was broken off: go on with it, as it was begun.",
    ),
]
Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="A field of the task or job that is changed, as in model.hidden=256; may be repeated."
    ),
]
RetryFailed = Annotated[
    bool,
    typer.Option("--retry-failed", help="With --resume: run what failed again, and beside it the others."),
]
OnDevice = Annotated[
    str,
    typer.Option(
        "--device", help="cpu, or cuda for those adapters that declare it; tutorials stay on the CPU."
    ),
]


OnCluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS",
        help="Run on the machines of this Dask scheduler; or local:N, N workers on this machine, to try it.",
    ),
]


def data_request(data: str, mnist_archives: Path | None) -> DataRequest:
    """The data that options ask for.

    Raises: UsageError for an unknown kind.
    """
    check_choice("data", data, get_args(DataChoice))
    return DataRequest(choice=cast(DataChoice, data), mnist_archives=mnist_archives)


def output_folder(out: str | None) -> Path:
    """The folder for a report.

    Raises: UsageError for an empty name.
    """
    if out is None:
        return Path("reports") / datetime.now().strftime("%Y-%m-%d-%H%M%S")
    if not out.strip():
        raise UsageError("--out is empty: name a folder, or leave it out for reports/<date and time>")
    return Path(out)


def settings(
    *,
    adapters: Adapters = ALL_ADAPTERS,
    seeds: Seeds = None,
    epochs: Epochs = None,
    preset: Chosen = "quick",
    out: Out = None,
    threads: Threads = None,
    data: DataOfPreset = "auto",
    mnist_archives: Archives = None,
    overwrite: Overwrite = False,
    rounds: Rounds = None,
    warm_ups: WarmUps = None,
    baseline: Baseline = None,
    self_test: SelfTest = False,
    html: Html = False,
    quiet: Quiet = False,
    timeout: Timeout = None,
    memory_limit: MemoryLimit = None,
    device: OnDevice = "cpu",
    retry_failed: RetryFailed = False,
    changes: Changes = None,
    save: Save = False,
    cluster: OnCluster = None,
) -> Settings:
    """The options of a run as settings, its tasks not yet named.

    Raises: UsageError for an unknown preset or kind of data, an empty --out, and nothing to retry.
    """
    if retry_failed:
        raise UsageError("--retry-failed runs again what failed in a stored run: name it with --resume DIR")
    check_choice("preset", preset, get_args(Preset))
    embedded = (preset, data, mnist_archives) == ("quick", "auto", None)
    return Settings(
        tasks=(),
        adapters=adapter_names(adapters),
        preset=cast(Preset, preset),
        seeds=seeds,
        epochs=epochs,
        threads=usable_cores() if threads is None else threads,
        data=data_request("digits" if embedded else data, mnist_archives),
        out=output_folder(out),
        overwrite=overwrite,
        rounds=rounds,
        warm_ups=warm_ups,
        baseline=baseline,
        self_test=self_test,
        html=html,
        quiet=quiet,
        timeout_seconds=timeout,
        memory_limit_mebibytes=memory_limit,
        device=device,
        changes=tuple(changes or ()),
        save=save,
        cluster=cluster,
        all_cores=threads is None,
    )


def settings_or_stored(context: typer.Context, resume: Path | None, values: dict[str, Any]) -> Settings:
    """The options of a run as settings or, where it goes on, the settings that it was begun with.

    Raises: UsageError.
    """
    if resume is None:
        return settings(**values)
    from compare.storage.resume import stored_settings  # noqa: PLC0415 - reads what `list` need not load

    sources = {name: context.get_parameter_source(name) for name in values}
    typed = {name for name, source in sources.items() if source and source.name == "COMMANDLINE"}
    return stored_settings(resume, {name: values[name] for name in typed})


def taking_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command whose first parameter is the settings the options of `settings`, and --resume."""
    given = inspect.signature(settings, eval_str=True).parameters
    kind = inspect.Parameter.KEYWORD_ONLY
    context = inspect.Parameter("context", kind, annotation=typer.Context)
    resume = inspect.Parameter("resume", kind, annotation=Resume, default=None)
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    @wraps(command)
    def with_options(context: typer.Context, resume: Path | None, **values: Any) -> None:
        options = {name: values.pop(name) for name in given}
        command(settings_or_stored(context, resume, options), **values)

    parameters = [context, *own, *given.values(), resume]
    with_options.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameter.replace(kind=kind) for parameter in parameters]
    )
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_options
