"""The `check` command: the conformance suite and parity on whole tasks, for every adapter."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from adapters.conformance import CHECKS, Check, Outcome
from compare.cli.check_markdown import LEGEND, markdown
from compare.cli.check_tables import conformance_table, proof_table
from compare.cli.progress import TickingObserver, bar, progress_bars, say
from compare.cli.signals import INTERRUPTED
from compare.cli.validation import check_adapter_names, check_device
from compare.jobs.opening import check_task_name, reference_of
from compare.limits import check_in_range, check_timeout
from compare.machine.devices import allowed_cores, usable_cores
from compare.parity.check import at_once, check_parity
from compare.parity.check_result import Findings, declarations, misdeclared
from compare.parity.conformance_run import ConformanceRun
from compare.parity.task_parity import ParityCheck, with_reference
from compare.records.parity import ParityResult
from compare.runner.task_loading import data_key, open_dataset, open_task, settled
from compare.runner.worker_process import Limits
from compare.runner.workers import WorkerPool
from tasks import TASKS
from tasks.interface import DataRequest, TaskReference


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """What the command line says.

    Units: `timeout_seconds` for any one check and any one training.
    """

    adapters: tuple[str, ...]
    tasks: tuple[str, ...]
    quick: bool
    threads: int
    timeout_seconds: float
    data: DataRequest
    device: str = "cpu"
    markdown: bool = False
    changes: tuple[str, ...] = ()

    @property
    def workers_per_adapter(self) -> int:
        """How many workers share an adapter's checks: two, where the cores have threads for them."""
        return 2 if usable_cores() >= 2 * self.threads * len(self.adapters) else 1

    @property
    def checks(self) -> tuple[Check, ...]:
        return tuple(check for check in CHECKS if check.quick or not self.quick)


@dataclass(frozen=True, slots=True, kw_only=True)
class _FoundTask:
    """A task's name, what finds it, and the key of its data."""

    name: str
    reference: TaskReference
    key: str


def check_adapters(settings: CheckSettings, console: Console, error_console: Console) -> int:
    """Check everything and show the results, progress on `error_console`; return the exit code.

    Raises: UsageError before anything is checked.
    """
    check_adapter_names(settings.adapters)
    check_device(settings.device, settings.adapters)
    for name in settings.tasks:
        check_task_name(name)
    check_in_range("--threads", settings.threads, allowed_cores())
    check_timeout(settings.timeout_seconds)
    with error_console.status("Making the data ready"):
        found = [_found(settings, name) for name in settings.tasks]
    try:
        outcomes, proofs = _check(settings, found, error_console)
    except KeyboardInterrupt:
        error_console.print("Interrupted.")
        return INTERRUPTED
    findings = Findings(outcomes=outcomes, proofs=proofs, declared=declarations(settings.adapters))
    if settings.markdown:
        console.out(markdown(findings), highlight=False)
    else:
        _show(findings, console)
    return 0 if findings.good else 1


def _found(settings: CheckSettings, name: str) -> _FoundTask:
    """The task, its data made ready, and those of other packages looked at."""
    reference = TaskReference(name=name, changes=settings.changes)
    task = open_task(reference)
    key = data_key(task, settings.data)
    if name not in TASKS:
        open_dataset(task, key)
    return _FoundTask(name=task.name, reference=reference_of(task, reference), key=key)


def _show(findings: Findings, console: Console) -> None:
    console.print(conformance_table(findings.outcomes))
    if findings.proofs:
        console.print(Text(), proof_table(findings.proofs, findings.verdict), Text(), Text(LEGEND))
        data = {proof.task: proof.dataset for proof in findings.proofs}
        console.print(Text("Data: " + "; ".join(f"{task}, {name}" for task, name in data.items())))


def _check(
    settings: CheckSettings, tasks: Sequence[_FoundTask], error_console: Console
) -> tuple[dict[str, list[Outcome]], list[ParityResult]]:
    """The suite of every adapter, then lockstep task by task: nothing here is timed.

    The two never overlap: each has as many workers at once as the cores have threads for.
    """
    with progress_bars(error_console) as progress:
        return _outcomes(settings, progress), _proofs(settings, tasks, progress)


def _outcomes(settings: CheckSettings, progress: Progress) -> dict[str, list[Outcome]]:
    limits = Limits(threads=settings.threads, timeout_seconds=settings.timeout_seconds)
    suites = [
        ConformanceRun(adapter, limits, settings.device, settings.workers_per_adapter)
        for adapter in settings.adapters
    ]
    with ThreadPoolExecutor(at_once(settings.threads)) as pool, ExitStack() as stack:
        for suite in suites:
            stack.callback(suite.end)
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        found = {
            suite.adapter: pool.submit(
                suite.run, settings.checks, _suite_bar(progress, suite.adapter, settings.checks)
            )
            for suite in suites
        }
        return {adapter: [*misdeclared(adapter), *outcomes.result()] for adapter, outcomes in found.items()}


def _proofs(settings: CheckSettings, tasks: Sequence[_FoundTask], progress: Progress) -> list[ParityResult]:
    checks = _parity_checks(settings, tasks)
    if not checks:
        return []
    with closing(WorkerPool()) as workers:
        return _lockstep(checks, workers, progress)


def _parity_checks(settings: CheckSettings, tasks: Sequence[_FoundTask]) -> list[ParityCheck]:
    return [
        ParityCheck(
            task=task.name,
            reference=task.reference,
            data=settled(settings.data, task.key) if task.reference.name in TASKS else settings.data,
            adapters=with_reference(settings.adapters),
            threads=settings.threads,
            timeout_seconds=settings.timeout_seconds,
            device=settings.device,
        )
        for task in tasks
    ]


def _lockstep(checks: Sequence[ParityCheck], workers: WorkerPool, progress: Progress) -> list[ParityResult]:
    """What is found, task by task; what failed is said at once."""
    found = {}
    with bar(progress, "lockstep", sum(check.turns for check in checks)) as tick:
        for proof in check_parity(checks, TickingObserver(tick), workers):
            found[proof.task, proof.adapter] = proof
            if proof.status != "ok":
                say(progress.console, f"{proof.adapter} on {proof.task} {proof.status}: {proof.error}")
    return [found[check.task, adapter] for check in checks for adapter in check.adapters]


def _suite_bar(progress: Progress, adapter: str, checks: Sequence[Check]) -> Callable[[str, Outcome], None]:
    """A bar for one adapter's checks; those that fail are named above the bars, with what they saw.

    Where there are no bars, every check is named when it is done.
    """
    row = progress.add_task(f"checks of {adapter}", total=len(checks), current="")

    def tick(adapter: str, outcome: Outcome) -> None:
        progress.update(row, advance=1, current=outcome.name)
        if outcome.status != "passed":
            say(progress.console, f"{adapter}: {outcome.name} {outcome.status}: {outcome.message}")
        elif progress.disable:
            say(progress.console, f"checks of {adapter}: {outcome.name} passed")
        if outcome.cause:
            say(progress.console, f"    likeliest cause: {outcome.cause}")

    return tick
