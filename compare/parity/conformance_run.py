"""One adapter in the conformance suite, check by check, in workers that are replaced where they died."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from queue import SimpleQueue

from adapters.conformance import Check, Outcome
from compare.machine.devices import device_of
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits, WorkerFailed


class ConformanceRun:
    """An adapter that has each check's outcome recorded, whatever it does; workers share the checks."""

    def __init__(self, adapter: str, limits: Limits, device: str, workers: int) -> None:
        self.adapter = adapter
        self._workers = [_RenewedWorker(adapter, limits, device_of(adapter, device)) for _ in range(workers)]

    def run(self, checks: Iterable[Check], hear: Callable[[Outcome], None]) -> None:
        """Go through the checks; `hear` is told of each outcome in turn: of one, where no worker starts."""
        with ThreadPoolExecutor(len(self._workers)) as pool:
            for outcome in self._outcomes(checks, pool):
                hear(outcome)

    def end(self) -> None:
        """End the workers, and with them the checks under way; no other follows."""
        for worker in self._workers:
            worker.close()

    def _outcomes(self, checks: Iterable[Check], pool: ThreadPoolExecutor) -> Iterator[Outcome]:
        try:
            list(pool.map(_RenewedWorker.start, self._workers))
        except WorkerFailed as failure:
            yield Outcome(name="start", status="failed", message=str(failure))
            return
        idle: SimpleQueue[_RenewedWorker] = SimpleQueue()
        for worker in self._workers:
            idle.put(worker)

        def outcome(check: Check) -> Outcome | None:
            worker = idle.get()
            try:
                return worker.outcome(check)
            finally:
                idle.put(worker)

        for found in takewhile(bool, pool.map(outcome, checks)):
            assert found is not None
            yield found


class _RenewedWorker:
    """The place of one worker."""

    def __init__(self, adapter: str, limits: Limits, device: str) -> None:
        self._adapter, self._limits, self._device = adapter, limits, device
        self._remote: RemoteAdapter | None = None
        self._closed = False

    def outcome(self, check: Check) -> Outcome | None:
        """None where the worker was closed before the check ended."""
        if self._closed:
            return None
        try:
            return (self._remote or self.start()).conformance(check.name)
        except WorkerFailed as failure:
            self._end()
            if self._closed:
                return None
            return Outcome(name=check.name, status="failed", message=str(failure))

    def start(self) -> RemoteAdapter:
        remote = self._remote = RemoteAdapter(self._adapter, self._limits, device=self._device)
        if self._closed:
            self._end()
        remote.import_framework()
        return remote

    def close(self) -> None:
        self._closed = True
        self._end()

    def _end(self) -> None:
        remote, self._remote = self._remote, None
        if remote:
            remote.end()
