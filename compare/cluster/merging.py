"""Runs of several machines, dates or versions put together: every block once, what does not fit refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from compare.analysis.machines import Conditions, blocks, conditions_of, environments_of
from compare.errors import UsageError
from compare.records.environment import Environment
from compare.records.parity import ParityResult
from compare.records.results import WORK, Results, Source, TaskRecord
from compare.records.run import Run
from compare.text import shortened

SHARED = ("dataset", *WORK, "epochs", "metrics")
"""The fields of a task's record in which runs must agree to be put together."""

Identity = tuple[Conditions, str, int]
"""What makes a block the same as another: its conditions, its task and its seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run to be merged: its folder as it was named, and its results' checksum, empty if it has none."""

    folder: Path
    name: str
    results: Results
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBlock:
    """A block of a run, and the part of the merged run that it is: one for all of the same conditions."""

    run: StoredRun
    part: int
    records: tuple[Run, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Runs put together; their logs are not yet named as they are there."""

    results: Results
    taken: tuple[TakenBlock, ...]


def merge(runs: Sequence[StoredRun], environment: Environment, *, replacing: bool) -> Merged:
    """Put runs together; `environment` is that of the merging, not of any run.

    A block that two of them have is the later named run's if `replacing`.

    Raises: UsageError for runs without a finished block, for tasks with other specs or data, and for a block
    that two of them have, unless `replacing`.
    """
    for run in runs:
        if not _finished(run):
            raise UsageError(f"{run.folder} holds no finished block of a task: leave it out")
    tasks = _tasks(runs)
    found = _blocks(runs, replacing)
    parts = {conditions: part for part, conditions in enumerate(dict.fromkeys(key[0] for key in found))}
    taken = tuple(
        TakenBlock(run=run, part=parts[conditions], records=records)
        for (conditions, _, _), (run, records) in found.items()
    )
    used = {record.machine for block in taken for record in block.records}
    results = Results(
        environment=environment,
        tasks=tasks,
        runs=[replace(record, part=block.part) for block in taken for record in block.records],
        proofs=_proofs(taken),
        baseline=_shared_baseline(runs),
        twins={second: first for run in runs for second, first in run.results.twins.items()},
        machines={
            name: machine for run in runs for name, machine in run.results.machines.items() if name in used
        },
        environments=_environments(runs, used),
        sources=_sources(runs, taken),
        cluster=next((run.results.cluster for run in runs if run.results.shared_a_machine), None),
    )
    return Merged(results=results, taken=taken)


def _tasks(runs: Sequence[StoredRun]) -> list[TaskRecord]:
    """Every task once.

    Raises: UsageError where two runs mean something else by one.
    """
    found: dict[str, tuple[StoredRun, TaskRecord]] = {}
    for run in runs:
        for task in run.results.tasks:
            first, known = found.setdefault(task.name, (run, task))
            other = [name for name in SHARED if getattr(known, name) != getattr(task, name)]
            if other:
                fields = " and ".join(other).replace("_", " ")
                raise UsageError(
                    f"{run.folder} cannot be merged with {first.folder}: {task.name} has other {fields} "
                    f"({'; '.join(_different(known, task, name) for name in other)})"
                )
    return [task for _, task in found.values()]


def _different(known: TaskRecord, task: TaskRecord, name: str) -> str:
    """What a field of both records is; of a table those entries alone that differ."""
    there, here = getattr(known, name), getattr(task, name)
    if isinstance(there, dict) and isinstance(here, dict):
        entries = [entry for entry in {**there, **here} if there.get(entry) != here.get(entry)]
        return ", ".join(f"{entry} {there.get(entry)} there, {here.get(entry)} here" for entry in entries)
    return f"{shortened(str(there))} there, {shortened(str(here))} here"


def _finished(run: StoredRun) -> list[list[Run]]:
    """The runs of each block that was not interrupted."""
    found = blocks(run.results.runs).values()
    return [records for records in found if all(record.status != "interrupted" for record in records)]


def _blocks(runs: Sequence[StoredRun], replacing: bool) -> dict[Identity, tuple[StoredRun, tuple[Run, ...]]]:
    """Every finished block once, in the order of the runs.

    Raises: UsageError.
    """
    found: dict[Identity, tuple[StoredRun, tuple[Run, ...]]] = {}
    for run in runs:
        for records in _finished(run):
            conditions, first = conditions_of(records), records[0]
            key = (conditions, first.task, first.seed)
            if key in found and not replacing:
                machine = run.results.machines[conditions.machine]
                raise UsageError(
                    f"{found[key][0].folder} and {run.folder} both have {first.task}, seed {first.seed}, on "
                    f"{machine.name}: add --replace to take the one that is named last, or leave one out"
                )
            found[key] = (run, tuple(records))
    return found


def _proofs(taken: Iterable[TakenBlock]) -> list[ParityResult]:
    """Of each part, task and adapter one: that of a run that found it DIFFERENT, else the last."""
    found: dict[tuple[int, str, str], ParityResult] = {}
    for block in taken:
        wanted = {(record.task, record.part) for record in block.records}
        for proof in block.run.results.proofs:
            of_block = any(
                task == proof.task and (not block.run.results.sources or part == proof.part)
                for task, part in wanted
            )
            key = (block.part, proof.task, proof.adapter)
            if of_block and (key not in found or found[key].verdict != "DIFFERENT"):
                found[key] = replace(proof, part=block.part)
    return list(found.values())


def _shared_baseline(runs: Sequence[StoredRun]) -> str | None:
    named = {run.results.baseline for run in runs}
    return named.pop() if len(named) == 1 else None


def _environments(runs: Sequence[StoredRun], used: set[str]) -> dict[str, list[Environment]]:
    """Those of the machines that are used, in the order of the runs, each once."""
    found: dict[str, list[Environment]] = {}
    for run in runs:
        for name, environments in environments_of(run.results).items():
            if name in used:
                found.setdefault(name, [])
                found[name] += [each for each in environments if each not in found[name]]
    return found


def _sources(runs: Sequence[StoredRun], taken: Sequence[TakenBlock]) -> list[Source]:
    return [
        Source(
            name=run.name,
            date=run.results.environment.date,
            lockstep=run.results.environment.lockstep,
            blocks=sum(block.run is run for block in taken),
            interrupted=run.results.interrupted,
            checksum=run.checksum,
            merged_from=tuple(source.name for source in run.results.sources),
        )
        for run in runs
    ]


def left_behind(results: Results) -> tuple[str, ...]:
    """What a run has beside its blocks, and that is not merged."""
    parts = {
        "tutorials": results.tutorials,
        "the comparison of threads": results.threads,
        "the profiles": results.profiles,
        "the reference for accuracy": results.accuracy,
        "the sweep": results.sweep,
    }
    return tuple(name for name, part in parts.items() if part)
