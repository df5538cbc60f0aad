"""The `check` command: every adapter through the conformance suite and the proof of lockstep."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.text import Text

from adapters.conformance import CHECKS, Check, Outcome, conforms
from compare.markup import slug
from compare.plan import UsageError, check_timeout, data_key, in_range, known, known_adapters, usable_cores
from compare.proof.examination import Examinee
from compare.proof.trial import Trial, at_once, prove, with_reference
from compare.records import Proof
from compare.terminal import bar, conformance_table, progress_bars, proof_table
from tasks import TASKS
from tasks.interface import DataRequest

INTERRUPTED = 130


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

    @property
    def checks(self) -> tuple[Check, ...]:
        return tuple(check for check in CHECKS if check.quick or not self.quick)


def check_adapters(settings: CheckSettings, console: Console) -> int:
    """Check everything and show what was found; return the exit code.

    Raises: UsageError before anything is checked.
    """
    known_adapters(settings.adapters)
    for task in settings.tasks:
        known("task", task, TASKS)
    in_range("--threads", settings.threads, usable_cores())
    if not settings.tasks:
        raise UsageError(f"--tasks names none: choose from {', '.join(TASKS)}")
    check_timeout(settings.timeout_seconds)
    with console.status("Making the data ready"):
        keys = {task: data_key(TASKS[task], settings.data) for task in settings.tasks}
    try:
        with tempfile.TemporaryDirectory() as logs:
            outcomes, proofs = _examine(settings, keys, Path(logs), console)
    except KeyboardInterrupt:
        console.print("Interrupted.")
        return INTERRUPTED
    console.print(conformance_table(outcomes), Text(), proof_table(proofs))
    data = {proof.task: proof.dataset for proof in proofs}
    console.print(Text("Data: " + "; ".join(f"{task}, {name}" for task, name in data.items())))
    conform = all(conforms(found) for found in outcomes.values())
    return 0 if conform and all(proof.verdict == "in lockstep" for proof in proofs) else 1


def _examine(
    settings: CheckSettings, keys: Mapping[str, str], logs: Path, console: Console
) -> tuple[dict[str, list[Outcome]], list[Proof]]:
    """The suite adapter by adapter and, beside it, the proof task by task: nothing here is timed."""
    examinees = [
        Examinee(adapter, settings.threads, settings.timeout_seconds, logs / f"{slug(adapter)}.log")
        for adapter in settings.adapters
    ]
    with (
        progress_bars(console) as progress,
        ThreadPoolExecutor(at_once(settings.threads)) as pool,
        ExitStack() as stack,
    ):
        for examinee in examinees:
            stack.callback(examinee.leave)
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        found = {
            examinee.adapter: pool.submit(
                examinee.examine, settings.checks, _suite_bar(progress, examinee.adapter, settings.checks)
            )
            for examinee in examinees
        }
        proofs = [proof for trial in _trials(settings, keys, logs) for proof in _prove(trial, progress)]
        return {adapter: outcomes.result() for adapter, outcomes in found.items()}, proofs


def _trials(settings: CheckSettings, keys: Mapping[str, str], logs: Path) -> list[Trial]:
    return [
        Trial(
            task=task,
            data_key=key,
            adapters=with_reference(settings.adapters),
            threads=settings.threads,
            timeout_seconds=settings.timeout_seconds,
            logs=logs,
        )
        for task, key in keys.items()
    ]


def _prove(trial: Trial, progress: Progress) -> list[Proof]:
    with bar(progress, f"lockstep on {trial.task}", trial.turns) as tick:
        proofs = prove(trial, tick)
    for proof in proofs:
        if proof.status != "ok":
            progress.console.print(Text(f"{proof.adapter} on {proof.task} {proof.status}: {proof.error}"))
    return proofs


def _suite_bar(progress: Progress, adapter: str, checks: Sequence[Check]) -> Callable[[str, Outcome], None]:
    """A bar for one adapter's checks; those that fail are named above the bars, with what they saw."""
    row = progress.add_task(f"checks of {adapter}", total=len(checks), current="")

    def tick(adapter: str, outcome: Outcome) -> None:
        progress.update(row, advance=1, current=outcome.name)
        if outcome.status != "passed":
            line = f"{adapter}: {outcome.name} {outcome.status}: {outcome.message}"
            progress.console.print(Text(line))

    return tick
