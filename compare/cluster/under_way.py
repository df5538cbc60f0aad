"""Work under way on a machine: it can be ended from outside, its frameworks' processes at once."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import Protocol

from adapters.interface import Array
from compare.records.block import Observer
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits
from compare.runner.workers import ActiveWorkers, FreshWorkers

LOOK_SECONDS = 0.25
"""How often it is looked whether the work is still wanted."""


class NotWanted(BaseException):
    """Whoever asked for the work does not wait for it any more."""


class Wanted(Protocol):
    """Says whether the work is still wanted."""

    def __call__(self) -> bool: ...


class EndableWorkers:
    """Processes that are each made for one thing; all end when this is closed, and no others begin."""

    def __init__(self, adapter_type: type[RemoteAdapter] = RemoteAdapter) -> None:
        self._fresh, self._active = FreshWorkers(adapter_type), ActiveWorkers()

    @property
    def closed(self) -> bool:
        return self._active.closed

    def lend(self, adapter: str, number: int, limits: Limits, device: str) -> RemoteAdapter:
        remote = self._fresh.lend(adapter, number, limits, device)
        self._active.add(remote)
        return remote

    def take_back(self, remote: RemoteAdapter, number: int) -> None:
        self._active.discard(remote)
        remote.end()

    def import_seconds(self, adapter: str) -> float | None:
        return None

    def others(self, adapter_type: type[RemoteAdapter]) -> "EndableWorkers":
        """Processes of another type, which end with these."""
        found = EndableWorkers(adapter_type)
        found._active = self._active
        return found

    def close(self) -> None:
        """End all of them, whatever they are doing."""
        self._active.close()


class Collector(Observer):
    """Keeps what workers wrote and adapters learned, and ends work whose processes were ended."""

    def __init__(self, workers: EndableWorkers) -> None:
        self.logs: dict[str, str] = {}
        self.learned: dict[str, Mapping[str, Array]] = {}
        self._workers = workers

    def wait_for(self, adapter: str) -> None:
        self.turn(adapter)

    def turn(self, adapter: str) -> None:
        """Raise if no more is wanted.

        Raises: NotWanted.
        """
        if self._workers.closed:
            raise NotWanted

    def keep_parameters(self, adapter: str, parameters: Mapping[str, Array]) -> None:
        self.learned[adapter] = parameters

    def keep_log(self, name: str, text: str) -> None:
        self.logs[name] = text


@contextmanager
def endable(wanted: Wanted) -> Iterator[EndableWorkers]:
    """Workers for as long as the context lasts, which end as soon as nobody wants the work any more."""
    workers, over = EndableWorkers(), Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            if not wanted():
                workers.close()
                return

    looking = Thread(target=look, name="lockstep-wanted", daemon=True)
    looking.start()
    try:
        yield workers
    finally:
        over.set()
        looking.join()
        workers.close()
