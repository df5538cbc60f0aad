"""Runs by the kind of machine that they were made on: speeds of unlike machines are never pooled."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from compare.records.environment import Environment
from compare.records.machine import Machine
from compare.records.results import Results
from compare.records.run import Run
from compare.text import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What speeds must have in common to be pooled: the kind of machine, by its fingerprint, and what ran.

    `versions` are those of the frameworks, by adapter.
    """

    machine: str
    threads: int
    lockstep: str
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What was made under the same conditions: results of their own, as if of one run."""

    machine: Machine
    conditions: Conditions
    results: Results


def blocks(runs: Sequence[Run]) -> dict[tuple[int, str, int], list[Run]]:
    """The runs of each block: of one part, task and seed, side by side."""
    found: dict[tuple[int, str, int], list[Run]] = {}
    for run in runs:
        found.setdefault((run.part, run.task, run.seed), []).append(run)
    return found


def conditions_of(block: Sequence[Run]) -> Conditions:
    """Those under which the runs of a block were made."""
    first = block[0]
    return Conditions(
        machine=first.machine,
        threads=first.threads,
        lockstep=first.lockstep,
        versions=tuple(sorted((run.adapter, run.version) for run in block)),
    )


def groups(results: Results) -> tuple[Group, ...]:
    """The results by conditions, in the order in which they first appear.

    What no machine of a cluster could run has none, and is with the first.
    """
    found: dict[Conditions, list[Run]] = {}
    undone: list[Run] = []
    for block in blocks(results.runs).values():
        if all(run.status == "failed" and not run.lockstep for run in block):
            undone += block
        else:
            found.setdefault(conditions_of(block), []).extend(block)
    if undone:
        first = next(iter(found), conditions_of(undone))
        of_first = [replace(run, machine=first.machine, threads=first.threads) for run in undone]
        found.setdefault(first, []).extend(of_first)
    return tuple(
        Group(
            machine=results.machines[conditions.machine],
            conditions=conditions,
            results=_only(results, conditions, runs),
        )
        for conditions, runs in found.items()
    )


def spans_machines(results: Results) -> bool:
    """Whether it was made in several places, under conditions that are not all the same."""
    return bool(results.environments) and len(groups(results)) > 1


def as_of_one_machine(results: Results) -> Results:
    """As if it had been made in one place, where all its conditions are the same; else unchanged."""
    found = groups(results) if results.environments else ()
    return found[0].results if len(found) == 1 else results


def timed_apart(results: Results) -> dict[str, Results]:
    """What was timed on kinds of machine that ran no block of a run over several, by their fingerprints."""
    ran = {run.machine for run in results.runs}
    timed = [*(each.machine for each in results.threads), *(each.machine for each in results.profiles)]
    return {
        name: replace(
            results,
            environment=results.environments[name][-1],
            threads=[each for each in results.threads if each.machine == name],
            profiles=[each for each in results.profiles if each.machine == name],
        )
        for name in dict.fromkeys(timed)
        if name not in ran and name in results.environments
    }


def labels(found: Sequence[Group]) -> tuple[str, ...]:
    """What each group is called: its machine, and what tells it from others on the same kind of machine."""
    return tuple(
        _label(group, [other for other in found if other.machine == group.machine]) for group in found
    )


def _label(group: Group, alike: Sequence[Group]) -> str:
    own, others = group.conditions, [other.conditions for other in alike]
    told = [group.machine.name]
    if any(other.threads != own.threads for other in others):
        told.append(counted(own.threads, "thread"))
    if any(other.lockstep != own.lockstep for other in others):
        told.append(f"Lockstep {own.lockstep}")
    shared = set.intersection(*(set(other.versions) for other in others))
    told += [
        f"{adapter} {version or 'absent'}"
        for adapter, version in own.versions
        if (adapter, version) not in shared
    ]
    return ", ".join(told)


def environments_of(results: Results) -> dict[str, list[Environment]]:
    """By machine, those that a run's blocks were made in."""
    if results.environments:
        return results.environments
    changed = [each.environment for each in results.interruptions if each.changed]
    parts = [results.environment, *changed]
    found: dict[str, list[Environment]] = {}
    for run in results.runs:
        environment = parts[min(run.part, len(parts) - 1)]
        known = found.setdefault(run.machine, [])
        if environment not in known:
            known.append(environment)
    return found


def environments_under(results: Results, conditions: Conditions) -> list[Environment]:
    """Those of a kind of machine with as many threads and the same version of Lockstep."""
    known = results.environments.get(conditions.machine, [])
    return [
        each for each in known if (each.threads, each.lockstep) == (conditions.threads, conditions.lockstep)
    ]


def _only(results: Results, conditions: Conditions, runs: Sequence[Run]) -> Results:
    """What was made under these conditions, with the command that put it all together."""
    tasks, parts = {run.task for run in runs}, {run.part for run in runs}
    environments = environments_under(results, conditions)
    whole = results.environment
    environment = environments[-1] if environments else whole
    return replace(
        results,
        environment=replace(environment, command=whole.command, preset=environment.preset or whole.preset),
        proofs=[proof for proof in results.proofs if proof.part in parts or not results.sources],
        tasks=[task for task in results.tasks if task.name in tasks],
        runs=list(runs),
        threads=[each for each in results.threads if each.machine == conditions.machine],
        profiles=[each for each in results.profiles if each.machine == conditions.machine],
        machines={conditions.machine: results.machines[conditions.machine]},
        environments={},
    )
