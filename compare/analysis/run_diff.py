"""What became of the figures of one run in another, and which of them cannot be compared."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from compare.analysis.adapter_summary import Standing, latest
from compare.analysis.caveats import doubts
from compare.analysis.significance import Change, Finding, metric_change, speed_change
from compare.analysis.task_summary import TaskStandings, standings
from compare.records.results import Results, TaskRecord
from tasks.interface import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """All figures, and remarks on what else is different or speaks against either run."""

    changes: tuple[Change, ...]
    remarks: tuple[str, ...]


def changes(before: Results, after: Results, threshold: float) -> Changes:
    """Compare every task and adapter of two runs; a change counts from `threshold` on, a share."""
    earlier = {task.record.name: task for task in standings(before) if task.adapters}
    later = {task.record.name: task for task in standings(after) if task.adapters}
    found: list[Change] = []
    for name in dict.fromkeys([*earlier, *later]):
        found += _task_changes(name, earlier.get(name), later.get(name), (before, after), threshold)
    return Changes(changes=tuple(found), remarks=tuple(_remarks(before, after)))


def _task_changes(
    name: str,
    before: TaskStandings | None,
    after: TaskStandings | None,
    results: tuple[Results, Results],
    threshold: float,
) -> Iterator[Change]:
    first = {s.adapter: s for s in before.adapters} if before else {}
    second = {s.adapter: s for s in after.adapters} if after else {}
    for adapter in dict.fromkeys([*first, *second]):
        ours, theirs = first.get(adapter), second.get(adapter)
        if before is None or after is None or ours is None or theirs is None:
            reason = f"only in the {'second' if ours is None else 'first'} run"
            yield Change(task=name, adapter=adapter, measure="all", finding="not comparable", reason=reason)
            continue
        spec = _task_difference(before.record, after.record)
        broken = _status_change(name, ours, theirs)
        if broken:
            yield broken
            continue
        left = "" if _in_lockstep(ours) and _in_lockstep(theirs) else "left the reference's losses"
        machine = _machine_difference(_machine(results[0], ours), _machine(results[1], theirs))
        yield speed_change(name, ours, theirs, spec or left or machine, threshold)
        epochs = (
            f"{before.record.epochs} and {after.record.epochs} epochs"
            if before.record.epochs != after.record.epochs
            else ""
        )
        for metric in after.record.metrics:
            yield metric_change(name, metric, ours, theirs, spec or epochs, threshold, _noise(before, metric))


def _in_lockstep(standing: Standing) -> bool:
    return standing.throughput is None or standing.comparable


def _noise(task: TaskStandings, metric: Metric) -> float:
    """How far apart adapters that do the same come out; without bound where no two can tell."""
    scatter = task.scatter_of(metric)
    return scatter.difference if scatter and scatter.adapters > 1 else math.inf


def _status_change(task: str, before: Standing, after: Standing) -> Change | None:
    """A cell that is sound in one of the runs alone; None where it is in both or in neither."""
    sound = [standing.status == "ok" and not standing.different for standing in (before, after)]
    if sound == [True, True]:
        return None
    finding: Finding = "fails now" if sound[0] else "works now" if sound[1] else "not comparable"
    reason = (before if finding == "works now" else after).reason
    return Change(task=task, adapter=after.adapter, measure="all", finding=finding, reason=reason)


def _machine_difference(ours: Mapping[str, object], theirs: Mapping[str, object]) -> str:
    """Why speeds cannot be compared; empty where they can."""
    return "; ".join(
        f"other {name}: {ours[name]} and {theirs[name]}" for name in ours if ours[name] != theirs[name]
    )


def _machine(results: Results, standing: Standing) -> dict[str, object]:
    """What an adapter's speed was measured on, by the words for it."""
    parts = [results.environment, *(each.environment for each in results.interruptions if each.changed)]
    run = latest(standing.runs)[0]
    environment = parts[min(run.part, len(parts) - 1)]
    return {
        "CPUs": environment.cpu,
        "cores": environment.logical_cores,
        "threads": environment.threads,
        "container limits in cores": environment.quota_cores,
        "devices": run.device,
    }


def _task_difference(before: TaskRecord, after: TaskRecord) -> str:
    """Why nothing can be compared; empty where it can."""
    if before.dataset != after.dataset:
        return f"other data: {before.dataset} and {after.dataset}"
    fields = ("model", "train", "batch_size", "sequences", "held_out_sequences", "time_steps")
    names = [name for name in fields if getattr(before, name) != getattr(after, name)]
    return f"other {' and '.join(names).replace('_', ' ')}" if names else ""


def _remarks(before: Results, after: Results) -> Iterator[str]:
    ours, theirs = _versions(before), _versions(after)
    for name in dict.fromkeys([*ours, *theirs]):
        if ours.get(name) != theirs.get(name):
            yield f"{name}: {ours.get(name, 'absent')} before, {theirs.get(name, 'absent')} after."
    for which, results in (("first", before), ("second", after)):
        if results.interrupted:
            yield f"The {which} run was interrupted: what it had not come to is missing."
        for doubt in doubts(results, standings(results)):
            yield f"The {which} run: {doubt}"


def _versions(results: Results) -> dict[str, str]:
    versions = {"Python": results.environment.python, "Lockstep": results.environment.lockstep}
    for run in results.runs:
        versions |= run.worker.versions if run.worker else {}
    return versions
