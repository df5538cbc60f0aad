"""Where the processes of a block's adapters come from: made for it alone, or lent from run to run."""

from threading import Lock
from typing import Protocol

from compare.machine.devices import device_of
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits


class Workers(Protocol):
    """What lends the processes of an adapter, which are numbered from 0."""

    def lend(self, adapter: str, number: int, limits: Limits, device: str) -> RemoteAdapter:
        """The process of this number, with these limits.

        Raises: WorkerFailed where it cannot be started.
        """

    def take_back(self, remote: RemoteAdapter, number: int) -> None:
        """Have a process back that is not needed any more."""


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

    def discard(self, remote: RemoteAdapter) -> None:
        """Leave a worker to others."""
        with self._lock:
            self._remotes.remove(remote)

    def close(self) -> None:
        """End every worker, whatever it is doing."""
        with self._lock:
            self._closed, remotes = True, [*self._remotes]
        for remote in remotes:
            remote.end()


class FreshWorkers:
    """Processes that do one thing: each starts when it is asked for, and ends when it is given back."""

    def lend(self, adapter: str, number: int, limits: Limits, device: str) -> RemoteAdapter:
        return RemoteAdapter(adapter, limits, device=device_of(adapter, device))

    def take_back(self, remote: RemoteAdapter, number: int) -> None:
        remote.end()


class WorkerPool:
    """Processes that live on: starting a framework is most of what a short run would otherwise do.

    A process that failed, timed out or outgrew its limit is not lent again.
    """

    def __init__(self) -> None:
        self._idle: dict[tuple[str, int, int, str], RemoteAdapter] = {}

    def lend(self, adapter: str, number: int, limits: Limits, device: str) -> RemoteAdapter:
        remote = self._idle.pop((adapter, number, limits.threads, device_of(adapter, device)), None)
        if remote and remote.alive:
            remote.begin_anew(limits)
            return remote
        if remote:
            remote.end()
        return RemoteAdapter(adapter, limits, device=device_of(adapter, device))

    def take_back(self, remote: RemoteAdapter, number: int) -> None:
        key = (remote.adapter, number, remote.threads, remote.device)
        if remote.alive and key not in self._idle:
            self._idle[key] = remote
        else:
            remote.end()

    def end(self) -> None:
        """End all processes."""
        for remote in self._idle.values():
            remote.end()
        self._idle.clear()
