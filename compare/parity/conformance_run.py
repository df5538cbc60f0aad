"""One adapter in the conformance suite, check by check, in workers that are replaced where they died."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from pathlib import Path
from queue import SimpleQueue

from adapters.conformance import Check, Outcome
from compare.runner.worker_process import WorkerFailed, WorkerProcess


class Examinee:
    """An adapter that has each check's outcome recorded, whatever it does.

    Every log is the output of a worker of its own; they share the checks between them.
    """

    def __init__(
        self, adapter: str, threads: int, timeout_seconds: float, logs: Sequence[Path], device: str
    ) -> None:
        self.adapter = adapter
        self._seats = [_Seat(adapter, threads, timeout_seconds, log, device) for log in logs]

    def examine(self, checks: Iterable[Check], tick: Callable[[str, Outcome], None]) -> list[Outcome]:
        """Go through the checks, `tick` hearing of each outcome in turn: one, where no worker starts."""
        outcomes = []
        with ThreadPoolExecutor(len(self._seats)) as pool:
            for outcome in self._outcomes(checks, pool):
                outcomes.append(outcome)
                tick(self.adapter, outcome)
        return outcomes

    def leave(self) -> None:
        """End the workers, and with them the checks under way; no other follows."""
        for seat in self._seats:
            seat.leave()

    def _outcomes(self, checks: Iterable[Check], pool: ThreadPoolExecutor) -> Iterator[Outcome]:
        try:
            list(pool.map(_Seat.start, self._seats))
        except WorkerFailed as failure:
            yield Outcome(name="start", status="failed", message=str(failure))
            return
        idle: SimpleQueue[_Seat] = SimpleQueue()
        for seat in self._seats:
            idle.put(seat)

        def outcome(check: Check) -> Outcome | None:
            seat = idle.get()
            try:
                return seat.outcome(check)
            finally:
                idle.put(seat)

        for found in takewhile(bool, pool.map(outcome, checks)):
            assert found is not None
            yield found


class _Seat:
    """The place of one worker."""

    def __init__(self, adapter: str, threads: int, timeout_seconds: float, log: Path, device: str) -> None:
        self._adapter, self._device = adapter, device
        self._threads, self._timeout_seconds, self._log = threads, timeout_seconds, log
        self._worker: WorkerProcess | None = None
        self._left = False

    def outcome(self, check: Check) -> Outcome | None:
        """None after the worker was told to leave."""
        if self._left:
            return None
        try:
            found = (self._worker or self.start()).call("conformance", check.name, self._device).value
        except WorkerFailed as failure:
            self._end()
            return Outcome(name=check.name, status="failed", message=str(failure))
        assert isinstance(found, Outcome)
        return found

    def start(self) -> WorkerProcess:
        self._worker = WorkerProcess(self._adapter, self._threads, self._timeout_seconds, self._log)
        if self._left:
            self._end()
        self._worker.call("import_framework")
        return self._worker

    def leave(self) -> None:
        self._left = True
        self._end()

    def _end(self) -> None:
        if self._worker:
            self._worker.end()
            self._worker = None
