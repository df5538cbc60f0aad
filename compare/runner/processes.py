"""The processes that an adapter has in a block, one after the other, and what each of them wrote."""

from collections.abc import Callable

from compare.records.block import Block, Observer
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits, WorkerFailed
from compare.runner.workers import ActiveWorkers, Workers
from compare.text import slug


class Processes:
    """Has one process at a time at work, and further ones that are ready; `number` counts them from 0."""

    def __init__(
        self, name: str, block: Block, workers: Workers, active: ActiveWorkers, observer: Observer
    ) -> None:
        self.number = 0
        self.logs: dict[str, str] = {}
        self.present: RemoteAdapter | None = None
        self._ready: dict[int, RemoteAdapter] = {}
        self._name, self._block, self._adapter = name, block, block.twins.get(name, name)
        self._workers, self._active, self._observer = workers, active, observer
        self._limits = Limits(
            threads=block.threads,
            timeout_seconds=block.timeout_seconds,
            memory_bytes=block.memory_limit_bytes,
        )

    @property
    def log_name(self) -> str:
        """Of the log of the process of this number."""
        return self._log_name(self.number)

    @property
    def running(self) -> RemoteAdapter:
        """The process that was started."""
        assert self.present is not None
        return self.present

    @property
    def import_seconds(self) -> float | None:
        """What an import took that was timed before this block, if one was."""
        return self._workers.import_seconds(self._adapter)

    def start(self) -> RemoteAdapter:
        """Have the process of this number.

        Raises: WorkerFailed.
        """
        self.present = self._lend(self.number)
        return self.present

    def prepare(self, ahead: int, make_ready: Callable[[RemoteAdapter], None]) -> None:
        """Have one of the next processes ready, the very next being 0; one that fails is put to work.

        Raises: WorkerFailed.
        """
        number = self.number + 1 + ahead
        remote = self._lend(number)
        try:
            make_ready(remote)
        except WorkerFailed:
            self._ready[number] = remote
            self._put_to_work(number)
            raise
        self._ready[number] = remote

    def go_on(self) -> None:
        """Put the next process that is ready to work, in place of the one before."""
        self._put_to_work(self.number + 1)

    def give_back(self) -> None:
        """Give all processes back, and their logs to the observer."""
        remotes = {**self._ready, **({self.number: self.present} if self.present else {})}
        self.present, self._ready = None, {}
        for number, remote in remotes.items():
            self._give_back(remote, number)

    def _put_to_work(self, number: int) -> None:
        """Have one of the processes that are ready in the place of the present one."""
        if self.present:
            self._give_back(self.present, self.number)
        self.number, self.present = number, self._ready.pop(number)

    def _lend(self, number: int) -> RemoteAdapter:
        remote = self._workers.lend(self._adapter, number, self._limits, self._block.device)
        self._active.add(remote)
        return remote

    def _give_back(self, remote: RemoteAdapter, number: int) -> None:
        self._active.discard(remote)
        self._workers.take_back(remote, number)
        name = self._log_name(number)
        self.logs[name] = remote.log_text()
        self._observer.keep_log(name, self.logs[name])

    def _log_name(self, number: int) -> str:
        ending = f".{number}.log" if number else ".log"
        return f"{slug(self._block.task)}-{slug(self._name)}-{self._block.seed}{ending}"
