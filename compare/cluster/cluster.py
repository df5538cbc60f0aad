"""The cluster that a run is given: found, asked what its machines have, and given work."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from compare.cluster.address import local_workers
from compare.cluster.code_version import code_version
from compare.cluster.connection import connected
from compare.cluster.dispatch import Dispatcher
from compare.cluster.local import local_cluster
from compare.cluster.machines import Machines, Say, stated
from compare.cluster.messages import KindName, Work, encode
from compare.cluster.pieces import Outcome
from compare.cluster.presence import Presence


class Cluster:
    """The machines that take part in a run, and what they are asked to do."""

    def __init__(self, machines: Machines, dispatcher: Dispatcher) -> None:
        self._machines, self._dispatcher = machines, dispatcher

    @property
    def versions(self) -> Mapping[str, str]:
        """Those of the adapters' frameworks on all machines, empty where there is none."""
        return stated(self._machines.versions)

    @property
    def shares_machines(self) -> bool:
        """Whether several workers have been on one machine."""
        return self._machines.shared

    @property
    def workers(self) -> int:
        """How many have taken part at once."""
        return self._machines.most

    def outcomes(self, kind: KindName, told: Sequence[tuple[str, Any]]) -> Generator[Outcome]:
        """What comes of each of these, by its place, as it comes; each has a title for people.

        Raises: SchedulerLost where there is no scheduler, or no machine, for too long.
        """
        machines = self._machines
        works = [
            Work(
                title=title,
                kind=kind,
                told=encode(each),
                lockstep=machines.lockstep,
                versions=machines.versions,
                threads=machines.threads,
            )
            for title, each in told
        ]
        return self._dispatcher.outcomes(works)


@contextmanager
def open_cluster(
    address: str, adapters: Sequence[str], threads: int | None, before: Mapping[str, str], say: Say
) -> Iterator[Cluster]:
    """The cluster at an address, or `local:N`; what is under way there ends with the context.

    `threads` are those of every process, None for all usable cores of its machine; `before` are the versions
    of the frameworks in an earlier part of the run.

    Raises: UsageError where it cannot be used.
    """
    count = local_workers(address)
    if count is not None:
        with local_cluster(count) as here, open_cluster(here, adapters, threads, before, say) as cluster:
            yield cluster
        return
    scheduler = connected(address)
    try:
        machines = Machines(code_version(), threads, say)
        presence = Presence(scheduler, machines, adapters, address)
        presence.meet(before)
        yield Cluster(machines, Dispatcher(scheduler, machines, presence, say))
    finally:
        scheduler.close()
