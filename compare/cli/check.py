"""The `check` command: the conformance suite and parity on whole tasks, for every adapter."""

import time
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
from compare.cli.progress import TickingObserver, bar, progress_bars, say, say_what_is_set_aside
from compare.cli.signals import INTERRUPTED
from compare.cli.validation import check_adapter_names, check_device
from compare.errors import UsageError, check_choice
from compare.jobs.opening import check_task_name, reference_of
from compare.limits import check_in_range, check_timeout
from compare.machine.devices import allowed_cores, usable_cores
from compare.parity.check import at_once, check_parity
from compare.parity.check_result import Findings, declarations, misdeclared
from compare.parity.conformance_run import ConformanceRun
from compare.parity.task_parity import ParityCheck, with_reference
from compare.runner.task_loading import data_key, open_dataset, open_task, settled
from compare.runner.worker_process import Limits
from compare.runner.workers import WorkerPool
from tasks import TASKS
from tasks.interface import DataRequest, TaskReference


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSettings:
    """What the command line says.

    `only` names the checks of the suite that are wanted, where not all are.
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
    only: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    @property
    def workers_per_adapter(self) -> int:
        """How many workers share an adapter's checks: two, where the cores have threads for them."""
        return 2 if usable_cores() >= 2 * self.threads * len(self.adapters) else 1

    @property
    def checks(self) -> tuple[Check, ...]:
        if self.only:
            return tuple(check for check in CHECKS if check.name in self.only)
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
    for name in settings.only:
        check_choice("check", name, [check.name for check in CHECKS])
    for name in settings.tasks:
        check_task_name(name)
    if settings.changes and not settings.tasks:
        raise UsageError("--set changes tasks, and none is run here: name some with --tasks, or leave it out")
    check_in_range("--threads", settings.threads, allowed_cores())
    check_timeout(settings.timeout_seconds)
    with error_console.status("Making the data ready"):
        tasks = [_found(settings, name) for name in settings.tasks]
    say_what_is_set_aside(error_console)
    findings = Findings(outcomes={}, proofs=[], declared=declarations(settings.adapters))
    try:
        _check(settings, tasks, findings, error_console)
    except KeyboardInterrupt:
        _show(findings, settings, error_console if settings.markdown else console)
        error_console.print("Interrupted: this is what had been checked until then.")
        return INTERRUPTED
    if settings.markdown:
        console.out(markdown(findings), highlight=False)
    else:
        _show(findings, settings, console)
    return 0 if findings.good else 1


def _found(settings: CheckSettings, name: str) -> _FoundTask:
    """The task, its data made ready, and those of other packages looked at."""
    reference = TaskReference(name=name, changes=settings.changes)
    task = open_task(reference)
    key = data_key(task, settings.data)
    if name not in TASKS:
        open_dataset(task, key)
    return _FoundTask(name=task.name, reference=reference_of(task, reference), key=key)


def _show(findings: Findings, settings: CheckSettings, console: Console) -> None:
    console.print(conformance_table(findings.outcomes, len(settings.checks)))
    if findings.proofs:
        console.print(Text(), proof_table(findings.proofs, findings.verdict), Text(), Text(LEGEND))
        data = {proof.task: proof.dataset for proof in findings.proofs}
        console.print(Text("Data: " + "; ".join(f"{task}, {name}" for task, name in data.items())))


def _check(
    settings: CheckSettings, tasks: Sequence[_FoundTask], findings: Findings, error_console: Console
) -> None:
    """The suite of every adapter, then lockstep task by task, into the findings: nothing here is timed.

    The two never overlap: each has as many workers at once as the cores have threads for.
    """
    with progress_bars(error_console) as progress:
        _conform(settings, findings, progress)
        _prove(settings, tasks, findings, progress)


def _conform(settings: CheckSettings, findings: Findings, progress: Progress) -> None:
    limits = Limits(threads=settings.threads, timeout_seconds=settings.timeout_seconds)
    suites = [
        ConformanceRun(adapter, limits, settings.device, settings.workers_per_adapter)
        for adapter in settings.adapters
    ]
    findings.outcomes.update({adapter: misdeclared(adapter) for adapter in settings.adapters})
    with ThreadPoolExecutor(at_once(settings.threads)) as pool, ExitStack() as stack:
        for suite in suites:
            stack.callback(suite.end)
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        running = [
            pool.submit(
                suite.run,
                settings.checks,
                _hearing(progress, suite.adapter, settings.checks, findings.outcomes[suite.adapter]),
            )
            for suite in suites
        ]
        for each in running:
            each.result()


def _prove(
    settings: CheckSettings, tasks: Sequence[_FoundTask], findings: Findings, progress: Progress
) -> None:
    """Lockstep, in the order of tasks and adapters however it came; what failed is said at once.

    Where there are no bars, so is everything else.
    """
    checks = _parity_checks(settings, tasks)
    order = [(check.task, adapter) for check in checks for adapter in check.adapters]
    if not checks:
        return
    with (
        closing(WorkerPool()) as workers,
        bar(progress, "lockstep", sum(check.turns for check in checks)) as lockstep_bar,
    ):
        for proof in check_parity(checks, TickingObserver(lockstep_bar), workers):
            findings.proofs.append(proof)
            findings.proofs.sort(key=lambda each: order.index((each.task, each.adapter)))
            if proof.status != "ok":
                say(progress.console, f"{proof.adapter} on {proof.task} {proof.status}: {proof.error}")
            elif progress.disable:
                known = f"{findings.verdict(proof)} ({len(findings.proofs)} of {len(order)})"
                say(progress.console, f"{proof.adapter} on {proof.task}: {known}")


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


def _hearing(
    progress: Progress, adapter: str, checks: Sequence[Check], outcomes: list[Outcome]
) -> Callable[[Outcome], None]:
    """What keeps one adapter's outcomes, and shows them by a bar; those that fail are named above the bars.

    Where there are no bars, every check is named when it is done.
    """
    begin, known = time.monotonic(), len(outcomes)
    row = progress.add_task(f"checks of {adapter}", total=len(checks), current="")

    def hear(outcome: Outcome) -> None:
        outcomes.append(outcome)
        done = len(outcomes) - known
        progress.update(row, advance=1, current=outcome.name)
        left = (time.monotonic() - begin) / done * (len(checks) - done)
        so_far = f"{done} of {len(checks)}, about {left:.0f} s left"
        if outcome.status != "passed":
            say(progress.console, f"{adapter}: {outcome.name} {outcome.status}: {outcome.message}")
        elif progress.disable:
            say(progress.console, f"checks of {adapter}: {outcome.name} passed ({so_far})")
        if outcome.cause:
            say(progress.console, f"    likeliest cause: {outcome.cause}")

    return hear
