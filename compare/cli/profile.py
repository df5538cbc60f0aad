"""`python -m compare profile`: where the time of an update goes, and which kernels ran."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from compare.analysis.profile import PARTS
from compare.benchmarks.interleaved import UpdateTimes
from compare.benchmarks.kernels import VerboseAdapter
from compare.benchmarks.profile import profile_adapters, training_turns, turns
from compare.benchmarks.profiled import Subject
from compare.benchmarks.timed_worker import workload_of
from compare.cli.beginning import command_line
from compare.cli.profile_lines import show
from compare.cli.progress import bar, progress_bars, say_what_is_set_aside
from compare.cli.signals import INTERRUPTED
from compare.cli.validation import check_adapter_names, check_device
from compare.errors import UsageError
from compare.limits import MOST_ROUNDS, check_in_range
from compare.machine.devices import allowed_cores
from compare.machine.environment import environment
from compare.records.profile import Profile
from compare.records.results import Results
from compare.records.run import is_fault
from compare.report.pages import render_pages, write_pages
from compare.runner.origin import this_machine
from compare.runner.task_loading import load_task_data
from compare.runner.worker_process import Limits
from compare.runner.workers import FreshWorkers
from compare.storage.results import save
from compare.storage.run_folder import check_folder, clear_folder, hold_output_folder
from tasks.interface import DataRequest, TaskReference

TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileSettings:
    """What the command line says; nothing is written without `out`."""

    task: TaskReference
    adapters: tuple[str, ...]
    rounds: int
    threads: int
    device: str
    data: DataRequest
    out: Path | None
    overwrite: bool


def run_profile(settings: ProfileSettings, console: Console) -> int:
    """Profile the adapters on a task, show what came of it, and write the page; return the exit code.

    Raises: UsageError before anything is run.
    """
    check_adapter_names(settings.adapters)
    if not settings.adapters:
        raise UsageError("--adapters names none: name one, or leave it out")
    check_device(settings.device, settings.adapters)
    check_in_range("--rounds", settings.rounds, MOST_ROUNDS)
    check_in_range("--threads", settings.threads, allowed_cores())
    if settings.out is None:
        return _profiled(settings, console)
    with hold_output_folder(settings.out):
        check_folder(settings.out, settings.overwrite)
        clear_folder(settings.out)
        return _profiled(settings, console)


def _profiled(settings: ProfileSettings, console: Console) -> int:
    say_what_is_set_aside(console)
    with console.status("Making the data ready"):
        data = load_task_data(settings.task, settings.data)
        workload = workload_of(data.task, data.dataset)
    machine = environment(command_line(), settings.threads, preset="")
    subject = Subject(task=data.task.name, workload=workload, device=settings.device)
    limits = Limits(threads=settings.threads, timeout_seconds=TIMEOUT_SECONDS)
    try:
        profiles = _measured(subject, settings, limits, console)
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return INTERRUPTED
    show(profiles, machine, console)
    if settings.out is not None:
        results = Results(environment=machine, tasks=[], runs=[], profiles=profiles)
        results = results.on(this_machine(machine, settings.device))
        save(results, settings.out)
        page = write_pages(render_pages(results, settings.out), settings.out)
        console.print(f"Report: {page}", soft_wrap=True)
    return 1 if any(map(is_fault, profiles)) else 0


def _measured(subject: Subject, settings: ProfileSettings, limits: Limits, console: Console) -> list[Profile]:
    """The profiles, and training turns before them in processes of their own."""
    names, rounds, verbose = settings.adapters, settings.rounds, FreshWorkers(VerboseAdapter)
    with progress_bars(console) as progress:
        with bar(progress, f"{subject.task}, training turns", len(names) * (1 + rounds)) as tick:
            trained = training_turns(subject, names, limits, rounds, tick)
        with bar(progress, f"{subject.task}, parts of an update", turns(names, rounds)) as tick:
            profiles = profile_adapters(subject, names, limits, rounds, FreshWorkers(), verbose, tick)
    return [_beside(each, trained[each.adapter]) for each in profiles]


def _beside(profile: Profile, trained: UpdateTimes) -> Profile:
    """The profile with its training turns; where those alone failed, with their error and no times."""
    if trained.error and not profile.error:
        nothing: Any = {field: [] for field in ("whole", *PARTS)}
        error = f"training turns: {trained.error}"
        return replace(profile, **nothing, product_rate=None, status=trained.status, error=error)
    return replace(profile, training=trained.seconds_per_update)
