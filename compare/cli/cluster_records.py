"""Work given to the machines of a cluster, and what they send back, put among the results of a run."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from rich.progress import Progress

from compare.cli.progress import bar
from compare.cluster.cluster import Cluster
from compare.cluster.messages import KindName
from compare.cluster.pieces import Outcome
from compare.records.cluster import ClusterRecord
from compare.records.environment import Environment
from compare.records.machine import Machine
from compare.records.results import Results


def given_out(
    cluster: Cluster, kind: KindName, label: str, told: Sequence[tuple[str, Any]], progress: Progress
) -> Generator[Outcome]:
    """What each of these pieces of work came to, as it comes, under one bar; each has a title for people."""
    if not told:
        return
    with bar(progress, label, len(told)) as tick, closing(cluster.outcomes(kind, told)) as ended:
        for outcome in ended:
            tick(told[outcome.place][0])
            yield outcome


def noted(results: Results, cluster: Cluster, title: str, outcome: Outcome) -> Results:
    """With what is known of the cluster now that one more piece of work has an outcome."""
    known = results.cluster or ClusterRecord(workers=0)
    record = replace(
        known,
        workers=max(known.workers, cluster.workers),
        shared=known.shared or cluster.shares_machines,
        again=[*known.again, *(f"{title}: {fault}" for fault in outcome.faults)],
    )
    return replace(results, cluster=record)


def placed(results: Results, machine: Machine, here: Environment) -> Results:
    """With a machine that work was done on; the first one's environment is that of the run."""
    name, ours = machine.fingerprint, results.environment
    known = results.environments.get(name, [])
    if not any((each.threads, each.lockstep) == (here.threads, here.lockstep) for each in known):
        known = [*known, here]
    first = replace(here, command=ours.command, preset=ours.preset)
    return replace(
        results,
        environment=ours if results.environments else first,
        machines={**results.machines, name: machine},
        environments={**results.environments, name: known},
    )


def why_undone(outcome: Outcome) -> str:
    """Why no machine could do a piece of work."""
    return f"no machine of the cluster could run it: {'; '.join(outcome.faults)}"
