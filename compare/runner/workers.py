"""Where the processes of a block's adapters come from: made for it alone, or lent from block to block."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from threading import Lock
from typing import Protocol, TypeVar

from compare.machine.devices import device_of
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits

Item = TypeVar("Item")
Found = TypeVar("Found")


class Workers(Protocol):
    """What lends the processes of an adapter, which are numbered from 0."""

    def lend(self, adapter: str, number: int, limits: Limits, device: str) -> RemoteAdapter:
        """The process of this number, with these limits; number 0 has done nothing before.

        Raises: WorkerFailed where it cannot be started.
        """

    def take_back(self, remote: RemoteAdapter, number: int) -> None:
        """Have a process back that is not needed any more."""

    def import_seconds(self, adapter: str) -> float | None:
        """What the import took that was timed before; None where it has yet to be timed."""


class ActiveWorkers:
    """The workers that several threads have at work; once closed, whichever is added is ended at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._remotes: list[RemoteAdapter] = []
        self._closed = False

    def add(self, remote: RemoteAdapter) -> None:
        """Have a worker ended when this is closed."""
        with self._lock:
            self._remotes.append(remote)
            closed = self._closed
        if closed:
            remote.end()

    @property
    def closed(self) -> bool:
        """Whether no more work is wanted."""
        return self._closed

    def discard(self, remote: RemoteAdapter) -> None:
        """Leave a worker to others."""
        with self._lock:
            self._remotes.remove(remote)

    def gather(
        self, items: Iterable[Item], work: Callable[[Item, Callable[[Found], None]], None], at_once: int
    ) -> Iterator[Found]:
        """What the work of all items hands over, as it comes, some of them being done at once.

        An interrupt ends all workers, as does a caller that wants no more.
        """
        heard: SimpleQueue[Found | Future[None]] = SimpleQueue()
        with ThreadPoolExecutor(at_once) as threads:
            try:
                working = {threads.submit(work, item, heard.put) for item in items}
                for future in working:
                    future.add_done_callback(heard.put)
                while working:
                    new = heard.get()
                    if isinstance(new, Future):
                        new.result()
                        working.remove(new)
                    else:
                        yield new
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                self.close()
                raise

    def for_each(self, items: Iterable[Item], work: Callable[[Item], None], at_once: int) -> None:
        """Do the work of all items, some of them at once; an interrupt ends all workers."""
        for _ in self.gather(items, lambda item, _put: work(item), at_once):
            pass

    def close(self) -> None:
        """End every worker, whatever it is doing."""
        with self._lock:
            self._closed, remotes = True, [*self._remotes]
        for remote in remotes:
            remote.end()


class FreshWorkers:
    """Processes that do one thing: each starts when it is asked for, and ends when it is given back."""

    def __init__(self, adapter_type: type[RemoteAdapter] = RemoteAdapter) -> None:
        self._adapter_type = adapter_type

    def lend(self, adapter: str, number: int, limits: Limits, device: str) -> RemoteAdapter:
        return self._adapter_type(adapter, limits, device=device_of(adapter, device))

    def take_back(self, remote: RemoteAdapter, number: int) -> None:
        remote.end()

    def import_seconds(self, adapter: str) -> float | None:
        return None


class WorkerPool:
    """Processes that live on: starting a framework is most of what a short run would otherwise do.

    Number 0 is always a new one, as the costs of a cold start are taken of it; it ends when it is given back.
    The import is timed in the very first. A process that failed, timed out or outgrew its limit is not lent
    again. Several threads may ask.
    """

    def __init__(self, adapter_type: type[RemoteAdapter] = RemoteAdapter) -> None:
        self._adapter_type = adapter_type
        self._lock = Lock()
        self._idle: dict[tuple[str, int, int, str], RemoteAdapter] = {}
        self._import_seconds: dict[str, float] = {}

    def lend(self, adapter: str, number: int, limits: Limits, device: str) -> RemoteAdapter:
        remote = self._idle.pop((adapter, number, limits.threads, device_of(adapter, device)), None)
        if remote and remote.alive:
            remote.begin_anew(limits)
            return remote
        if remote:
            remote.end()
        return self._adapter_type(adapter, limits, device=device_of(adapter, device))

    def take_back(self, remote: RemoteAdapter, number: int) -> None:
        if number == 0 and remote.import_seconds is not None:
            self._import_seconds.setdefault(remote.adapter, remote.import_seconds)
        key = (remote.adapter, number, remote.threads, remote.device)
        with self._lock:
            kept = number > 0 and remote.alive and self._idle.setdefault(key, remote) is remote
        if not kept:
            remote.end()

    def import_seconds(self, adapter: str) -> float | None:
        return self._import_seconds.get(adapter)

    def close(self) -> None:
        """End all processes; others are started when they are asked for."""
        for remote in self._idle.values():
            remote.end()
        self._idle.clear()
