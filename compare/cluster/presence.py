"""Which machines are there: each is asked what it has before it gets any work."""

import time
from collections.abc import Mapping, Sequence
from errno import ETIMEDOUT

from compare.cluster.connection import RESOURCE
from compare.cluster.machines import Machines
from compare.cluster.messages import Garbled, MachineFacts, decode, encode
from compare.cluster.remote import describe
from compare.cluster.scheduler import Ended, Scheduler, SchedulerLost
from compare.errors import UsageError

LOOK_SECONDS = 2.0
"""How often the scheduler is asked which workers there are."""

SILENT_SECONDS = 90.0
"""For how long it may not answer before it counts as lost: a network that is cut for a minute is none."""

MEETING_SECONDS = 120.0
"""For how long machines may take at first to say what they have; later ones join as they answer."""


def command_for_workers(address: str) -> str:
    """The line that starts a worker which blocks can be given to."""
    return f"dask worker {address} --nthreads 1 --resources {RESOURCE}=1"


class Presence:
    """Keeps what is known of the machines up to date."""

    def __init__(
        self, scheduler: Scheduler, machines: Machines, adapters: Sequence[str], address: str
    ) -> None:
        self._scheduler, self._machines, self._address = scheduler, machines, address
        self._message = encode(list(adapters))
        self._asked: dict[int, str] = {}
        self._seen: set[str] = set()
        self._looked = self._answered = time.monotonic()

    def meet(self, before: Mapping[str, str]) -> None:
        """Hear what all machines have that are there, and have those take part that are alike.

        Raises: UsageError where none can.
        """
        there = self._scheduler.workers() or {}
        if not there:
            raise UsageError(
                f"no worker is connected to {self._address}: start some with: "
                f"{command_for_workers(self._address)}"
            )
        if not any(there.values()):
            raise UsageError(
                f"no worker of {self._address} has the resource {RESOURCE}=1: start them with: "
                f"{command_for_workers(self._address)}"
            )
        self._look()
        found: dict[str, MachineFacts] = {}
        end = time.monotonic() + MEETING_SECONDS
        while self._asked and time.monotonic() < end:
            ended = self._scheduler.ended(LOOK_SECONDS)
            worker = self._asked.pop(ended.number, None) if ended else None
            if ended and worker and (facts := self._facts(worker, ended)):
                found[worker] = facts
        self._machines.settle(found, before)

    def look(self) -> set[str]:
        """The workers that have gone since the last time; new ones are asked what they have.

        Raises: SchedulerLost.
        """
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return set()
        return self._look()

    def heard(self, ended: Ended) -> bool:
        """Whether this was what a new machine says of itself; it then takes part if it can."""
        worker = self._asked.pop(ended.number, None)
        if worker and (facts := self._facts(worker, ended)):
            self._machines.take_in(worker, facts)
        return worker is not None

    def forget(self) -> None:
        """Begin anew: the scheduler was lost."""
        for worker in self._seen:
            self._machines.gone(worker)
        self._seen, self._asked = set(), {}
        self._looked = self._answered = time.monotonic()

    def _look(self) -> set[str]:
        there = self._scheduler.workers()
        self._looked = time.monotonic()
        if there is None:
            if self._looked - self._answered > SILENT_SECONDS:
                raise SchedulerLost(ETIMEDOUT, "the scheduler does not answer any more", self._address)
            return set()
        self._answered = self._looked
        for worker, has_resource in there.items():
            if worker in self._seen:
                continue
            self._seen.add(worker)
            if has_resource:
                number = self._scheduler.begin(worker, describe, self._message, needs_resource=False)
                self._asked[number] = worker
            else:
                reason = f"it has no resource {RESOURCE}=1: {command_for_workers(self._address)}"
                self._machines.leave_out(worker, reason)
        gone = self._seen - there.keys()
        self._seen -= gone
        self._asked = {number: worker for number, worker in self._asked.items() if worker not in gone}
        for worker in gone:
            self._machines.gone(worker)
        return gone

    def _facts(self, worker: str, ended: Ended) -> MachineFacts | None:
        """What a machine says of itself; None where it cannot, and a line says why."""
        try:
            if ended.error:
                raise Garbled(ended.error)
            facts: MachineFacts = decode(ended.content, MachineFacts)
        except Garbled as error:
            self._machines.leave_out(worker, f"Lockstep cannot be used there: {error}")
            return None
        return facts
