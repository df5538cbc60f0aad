"""One adapter in the conformance suite, check by check, in a worker that is replaced where it died."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from adapters.conformance import Check, Outcome
from compare.process import WorkerFailed, WorkerProcess


class Examinee:
    """An adapter that has each check's outcome recorded, whatever it does."""

    def __init__(self, adapter: str, threads: int, timeout_seconds: float, log: Path, device: str) -> None:
        self.adapter, self._device = adapter, device
        self._threads, self._timeout_seconds, self._log = threads, timeout_seconds, log
        self._worker: WorkerProcess | None = None
        self._left = False

    def examine(self, checks: Iterable[Check], tick: Callable[[str, Outcome], None]) -> list[Outcome]:
        """Go through the checks, `tick` hearing of each outcome; the only one where no worker starts."""
        outcomes = []
        for outcome in self._outcomes(checks):
            outcomes.append(outcome)
            tick(self.adapter, outcome)
        return outcomes

    def leave(self) -> None:
        """End the worker, and with it the check under way; no other follows."""
        self._left = True
        self._end()

    def _outcomes(self, checks: Iterable[Check]) -> Iterator[Outcome]:
        try:
            self._start()
        except WorkerFailed as failure:
            yield Outcome(name="start", status="failed", message=str(failure))
            return
        for check in checks:
            if self._left:
                return
            yield self._outcome(check)

    def _outcome(self, check: Check) -> Outcome:
        try:
            found = (self._worker or self._start()).call("conformance", check.name, self._device).value
        except WorkerFailed as failure:
            self._end()
            return Outcome(name=check.name, status="failed", message=str(failure))
        assert isinstance(found, Outcome)
        return found

    def _start(self) -> WorkerProcess:
        self._worker = WorkerProcess(self.adapter, self._threads, self._timeout_seconds, self._log)
        if self._left:
            self._end()
        self._worker.call("import_framework")
        return self._worker

    def _end(self) -> None:
        if self._worker:
            self._worker.end()
            self._worker = None
