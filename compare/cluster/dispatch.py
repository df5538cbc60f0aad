"""Work given to machines, one piece a machine at a time, and what comes back, each piece counted once."""

import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from errno import ETIMEDOUT
from itertools import takewhile

from compare.cluster.kinds import KINDS
from compare.cluster.machines import Machines, Say
from compare.cluster.messages import Answer, Garbled, Work, decode, encode
from compare.cluster.pieces import NoMachines, Outcome, Piece
from compare.cluster.presence import Presence
from compare.cluster.remote import perform
from compare.cluster.scheduler import Ended, Scheduler, SchedulerLost

MOST_TRIES = 3
"""On how many machines a piece of work is tried: one, and at most two others."""

WAIT_SECONDS = 0.5
"""How long is waited for something to end before all else is looked at."""

NO_OTHER_SECONDS = 30.0
"""How long work waits for a machine that it was not tried on, where it was on all that are there."""

LOST_SECONDS = 300.0
"""How long a scheduler may be lost, or a cluster be without machines, before the run is given up."""

STRAGGLER_SECONDS, STRAGGLER_FACTOR = 60.0, 5.0
"""What takes longer, and so many times as long as the longest so far, is begun on an idle machine, too."""

LOST = "its machine was lost"


class Dispatcher:
    """Gives work to the machines that take part, and yields what each piece came to as it comes."""

    def __init__(self, scheduler: Scheduler, machines: Machines, presence: Presence, say: Say) -> None:
        self._scheduler, self._machines, self._presence = scheduler, machines, presence
        self._say = say
        self._waiting: deque[Piece] = deque()
        self._running: dict[int, Piece] = {}
        self._longest: dict[str, float] = {}
        self._peopled = time.monotonic()

    def outcomes(self, works: Sequence[Work]) -> Generator[Outcome]:
        """What each piece of work came to, by its place; what is under way ends with the caller.

        Raises: SchedulerLost, NoMachines where there was none for too long.
        """
        self._waiting = deque(Piece(place, work) for place, work in enumerate(works))
        self._peopled = time.monotonic()
        try:
            while self._waiting or self._running:
                try:
                    yield from self._step()
                except SchedulerLost as lost:
                    self._begin_anew(lost)
        finally:
            for number in self._running:
                self._scheduler.call_off(number)
            self._running.clear()
            self._waiting.clear()

    def _step(self) -> Iterator[Outcome]:
        """Give out what can be, wait for something to end, and see to what has gone wrong."""
        self._give_out()
        if (ended := self._scheduler.ended(WAIT_SECONDS)) and not self._presence.heard(ended):
            yield from self._take(ended)
        gone = self._presence.look()
        for number, piece in [*self._running.items()]:
            if piece.running.get(number) in gone:
                self._call_off(number)
                yield from self._fault(piece, LOST)
        for piece in [*takewhile(lambda each: each.tried, self._waiting)]:
            waited = time.monotonic() - piece.since
            if self._machines.here and not self._others(piece) and waited > NO_OTHER_SECONDS:
                self._waiting.remove(piece)
                yield piece.outcome

    def _give_out(self) -> None:
        """Have idle machines begin what waits, in order, and then what takes too long elsewhere."""
        if self._machines.here:
            self._peopled = time.monotonic()
        elif time.monotonic() - self._peopled > LOST_SECONDS:
            raise NoMachines(ETIMEDOUT, f"no machine has taken part for {LOST_SECONDS:g} s", "--cluster")
        busy = {piece.running[number] for number, piece in self._running.items()}
        pieces = self._waiting or deque(self._stragglers())
        for worker in [worker for worker in self._machines.here if worker not in busy]:
            if piece := next((piece for piece in pieces if worker not in piece.tried), None):
                number = self._scheduler.begin(worker, perform, encode(piece.work), needs_resource=True)
                pieces.remove(piece)
                self._running[number] = piece
                piece.running[number], piece.since = worker, time.monotonic()
                piece.tried.append(worker)

    def _take(self, ended: Ended) -> Iterator[Outcome]:
        """See what came back; what was called off, or has been found elsewhere, counts no more."""
        piece = self._running.pop(ended.number, None)
        if piece is None:
            return
        del piece.running[ended.number]
        try:
            if ended.error:
                raise Garbled(ended.error)
            answer: Answer = decode(ended.content, Answer)
            fault = piece.work.unlike(answer.lockstep, answer.versions) or answer.fault
            found = None if fault else decode(answer.found, KINDS[piece.work.kind].found)
        except Garbled as error:
            fault, found = str(error), None
        if fault:
            yield from self._fault(piece, fault)
            return
        unavailable = KINDS[piece.work.kind].unavailable(found)
        if self._machines.lacked(unavailable):
            piece.partial = piece.partial or found
            yield from self._fault(piece, "; ".join(dict.fromkeys(unavailable.values())))
            return
        for number in [*piece.running]:
            self._call_off(number)
        kind, seconds = piece.work.kind, time.monotonic() - piece.since
        self._longest[kind] = max(self._longest.get(kind, 0.0), seconds)
        yield Outcome(place=piece.place, found=found, faults=tuple(piece.faults))

    def _fault(self, piece: Piece, reason: str) -> Iterator[Outcome]:
        """Have a piece tried elsewhere, unless it was tried often enough."""
        piece.faults.append(reason)
        if piece.running:
            return
        if len(piece.tried) >= MOST_TRIES or (piece.partial is not None and not self._others(piece)):
            yield piece.outcome
            return
        self._say(f"{piece.work.title}: {reason}; it is run elsewhere")
        piece.since = time.monotonic()
        self._waiting.appendleft(piece)

    def _others(self, piece: Piece) -> bool:
        """Whether there is a machine that a piece was not tried on."""
        return any(worker not in piece.tried for worker in self._machines.here)

    def _stragglers(self) -> list[Piece]:
        """What is under way on one machine, and for far longer than anything of its kind took."""
        now = time.monotonic()
        return [
            piece
            for piece in self._running.values()
            if len(piece.running) == 1
            and len(piece.tried) < MOST_TRIES
            and piece.work.kind in self._longest
            and now - piece.since > max(STRAGGLER_SECONDS, STRAGGLER_FACTOR * self._longest[piece.work.kind])
        ]

    def _call_off(self, number: int) -> None:
        self._scheduler.call_off(number)
        del self._running.pop(number).running[number]

    def _begin_anew(self, lost: SchedulerLost) -> None:
        """Find the scheduler again; what was under way is no fault of its machines, and begins once more.

        Raises: SchedulerLost where there is none for too long.
        """
        self._say(f"{lost.filename}: {lost.strerror}: waiting for it")
        for number, piece in sorted(self._running.items(), key=lambda item: -item[1].place):
            piece.tried.remove(piece.running.pop(number))
            if not piece.running:
                self._waiting.appendleft(piece)
        self._running.clear()
        self._presence.forget()
        end = time.monotonic() + LOST_SECONDS
        while True:
            try:
                self._scheduler.reconnect()
            except SchedulerLost:
                if time.monotonic() > end:
                    raise
                time.sleep(WAIT_SECONDS)
            else:
                break
        self._peopled = time.monotonic()
