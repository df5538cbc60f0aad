"""The sizes of a sweep, each on one machine of a cluster."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace

from rich.console import Console

from compare.cli.cluster_records import given_out, noted, placed, why_undone
from compare.cli.progress import progress_bars
from compare.cluster.cluster import Cluster
from compare.cluster.kinds import SizeWanted
from compare.records.results import Results
from compare.records.settings import Settings
from compare.records.sweep import Size, SweepPoint
from tasks.interface import TaskReference


def cluster_sizes(
    settings: Settings,
    sizes: Sequence[Size],
    rounds: int,
    task: TaskReference | None,
    results: Results,
    cluster: Cluster,
    console: Console,
) -> Generator[Results]:
    """The results as they grow, size by size, in the order of the sizes."""
    told = [
        (str(size), SizeWanted(size=size, adapters=settings.adapters, rounds=rounds, task=task))
        for size in sizes
    ]
    order = {size: place for place, size in enumerate(sizes)}
    with (
        progress_bars(console) as progress,
        closing(given_out(cluster, "size", "sizes", told, progress)) as ended,
    ):
        for outcome in ended:
            size, found = sizes[outcome.place], outcome.found
            if found:
                marked = [replace(point, machine=found.machine.fingerprint) for point in found.points]
                results = placed(results, found.machine, found.environment)
            else:
                marked = [_undone(adapter, size, why_undone(outcome)) for adapter in settings.adapters]
            results = noted(results, cluster, str(size), outcome)
            every = [*results.sweep, *marked]
            results = replace(results, sweep=sorted(every, key=lambda point: order[point.size]))
            yield results


def _undone(adapter: str, size: Size, why: str) -> SweepPoint:
    return SweepPoint(adapter=adapter, size=size, seconds=[], memory_bytes=0, status="failed", error=why)
