"""Two runs compared, figure by figure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compare.analysis.adapter_summary import AdapterSummary, latest
from compare.analysis.block_changes import block_changes
from compare.analysis.caveats import find_caveats
from compare.analysis.machine_pairs import machine_pairs
from compare.analysis.machines import as_of_one_machine, spans_machines
from compare.analysis.metric_changes import metric_change
from compare.analysis.significance import Change, Finding, speed_change
from compare.analysis.task_summary import TaskSummary, task_summaries
from compare.records.results import WORK, Results, TaskRecord
from tasks.interface import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """Every figure of both runs, and remarks on what else differs and on caveats of either run."""

    changes: tuple[Change, ...]
    remarks: tuple[str, ...]


def diff_runs(before: Results, after: Results, threshold: float) -> RunDiff:
    """Compare every task and adapter of two runs; changes below the threshold, a share, do not count.

    Runs over unlike machines are compared machine by machine.
    """
    if spans_machines(before) or spans_machines(after):
        return _by_machine(before, after, threshold)
    return _diff(as_of_one_machine(before), as_of_one_machine(after), threshold)


def _by_machine(before: Results, after: Results, threshold: float) -> RunDiff:
    changes: list[Change] = []
    remarks: list[str] = []
    for pair in machine_pairs(before, after):
        found = _diff(pair.before, pair.after, threshold)
        if pair.has_several:
            remarks.append(f"{pair.title}: of several versions there, those named last are compared.")
        changes += [replace(change, machine=pair.title) for change in found.changes]
        remarks += [f"{pair.title}: {remark}" for remark in found.remarks]
    return RunDiff(changes=tuple(changes), remarks=tuple(remarks))


def _diff(before: Results, after: Results, threshold: float) -> RunDiff:
    earlier = {task.record.name: task for task in task_summaries(before) if task.adapters}
    later = {task.record.name: task for task in task_summaries(after) if task.adapters}
    found: list[Change] = []
    for name in dict.fromkeys([*earlier, *later]):
        found += _task_changes(name, earlier.get(name), later.get(name), (before, after), threshold)
    return RunDiff(changes=tuple(found), remarks=(*_machine_remarks(found), *_remarks(before, after)))


def _task_changes(
    name: str,
    before: TaskSummary | None,
    after: TaskSummary | None,
    results: tuple[Results, Results],
    threshold: float,
) -> Iterator[Change]:
    first = {s.adapter: s for s in before.adapters} if before else {}
    second = {s.adapter: s for s in after.adapters} if after else {}
    obstacles = _obstacles(before, after, results) if before and after else {}
    sound = [adapter for adapter, obstacle in obstacles.items() if not obstacle]
    changes = block_changes([first[each] for each in sound], [second[each] for each in sound], threshold)
    for adapter in dict.fromkeys([*first, *second]):
        old, new = first.get(adapter), second.get(adapter)
        if before is None or after is None or old is None or new is None:
            reason = f"only in the {'second' if old is None else 'first'} run"
            yield Change(task=name, adapter=adapter, measure="all", finding="not comparable", reason=reason)
            continue
        spec = _task_difference(before.record, after.record)
        broken = _status_change(name, old, new)
        if broken:
            yield broken
            continue
        yield speed_change(name, old, new, obstacles[adapter], threshold, changes)
        epochs = (
            f"{before.record.epochs} and {after.record.epochs} epochs"
            if before.record.epochs != after.record.epochs
            else ""
        )
        for metric in after.record.metrics:
            yield metric_change(name, metric, old, new, spec or epochs, threshold, _noise(before, metric))


def _obstacles(before: TaskSummary, after: TaskSummary, results: tuple[Results, Results]) -> dict[str, str]:
    """Why the speed of an adapter cannot be compared, empty where it can; for those that are ok in both."""
    spec = _task_difference(before.record, after.record)
    later = {summary.adapter: summary for summary in after.adapters}
    found = {}
    for old in before.adapters:
        new = later.get(old.adapter)
        if new is not None and _status_change(before.record.name, old, new) is None:
            own = own_obstacle(results[0], old) or own_obstacle(results[1], new)
            machine = _machine_difference(measured_on(results[0], old), measured_on(results[1], new))
            few = "fewer than two rounds" if min(len(old.rounds), len(new.rounds)) < 2 else ""
            found[old.adapter] = spec or own or machine or few
    return found


def own_obstacle(results: Results, summary: AdapterSummary) -> str:
    """Why the speed of an adapter can be compared with that of no other run; empty where it can."""
    if departure := next((each.found for each in summary.departures if not each.comparable), ""):
        return departure
    if summary.throughput is not None and not summary.comparable:
        return "left the reference's losses"
    return "workers shared a machine" if results.shared_a_machine else ""


def _noise(task: TaskSummary, metric: Metric) -> float:
    """How far apart adapters that do the same come out; infinite where fewer than two finished."""
    scatter = task.scatter_of(metric)
    return scatter.difference if scatter and scatter.adapters > 1 else math.inf


def _status_change(task: str, before: AdapterSummary, after: AdapterSummary) -> Change | None:
    """The change where a task and adapter failed in one run or in both; None where they are ok in both."""
    ok = [summary.status == "ok" and not summary.different for summary in (before, after)]
    if ok == [True, True]:
        return None
    finding: Finding = "fails now" if ok[0] else "works now" if ok[1] else "not comparable"
    reason = (before if finding == "works now" else after).reason
    return Change(task=task, adapter=after.adapter, measure="all", finding=finding, reason=reason)


def _machine_difference(old: Mapping[str, object], new: Mapping[str, object]) -> str:
    """Why speeds cannot be compared; empty where they can."""
    return "; ".join(f"other {name}: {old[name]} and {new[name]}" for name in old if old[name] != new[name])


def measured_on(results: Results, summary: AdapterSummary) -> dict[str, object]:
    """What an adapter's speed was measured on, by name."""
    parts = [results.environment, *(each.environment for each in results.interruptions if each.changed)]
    run = latest(summary.runs)[0]
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
    names = [name for name in WORK if getattr(before, name) != getattr(after, name)]
    return f"other {' and '.join(names).replace('_', ' ')}" if names else ""


def _machine_remarks(changes: Sequence[Change]) -> Iterator[str]:
    """What is the machine's, and no adapter's, a sentence a task."""
    for finding, word in (("slower machine", "slower"), ("faster machine", "faster")):
        tasks = dict.fromkeys(change.task for change in changes if change.finding == finding)
        if tasks:
            yield (
                f"{', '.join(tasks)}: all adapters became {word} by the same factor: the machine did, "
                "or what they all share."
            )


def _remarks(before: Results, after: Results) -> Iterator[str]:
    old, new = versions_of(before), versions_of(after)
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield f"{name}: {old.get(name, 'absent')} before, {new.get(name, 'absent')} after."
    for which, results in (("first", before), ("second", after)):
        if results.interrupted:
            yield f"The {which} run was interrupted: what it had not come to is missing."
        for caveat in find_caveats(results, task_summaries(results)):
            yield f"The {which} run: {caveat}"


def versions_of(results: Results) -> dict[str, str]:
    """Of Python, Lockstep and what the adapters ran on, by name."""
    versions = {"Python": results.environment.python, "Lockstep": results.environment.lockstep}
    for run in results.runs:
        versions |= run.worker.versions if run.worker else {}
    return versions
