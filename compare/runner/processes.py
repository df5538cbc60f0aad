"""The processes that an adapter has in a block, one after the other, and what each of them wrote."""

from compare.records.block import Block, Observer
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits
from compare.runner.workers import ActiveWorkers, Workers
from compare.text import slug


class Processes:
    """Has one process at a time; `number` counts them from 0."""

    def __init__(
        self, name: str, block: Block, workers: Workers, active: ActiveWorkers, observer: Observer
    ) -> None:
        self.number = 0
        self.logs: dict[str, str] = {}
        self.present: RemoteAdapter | None = None
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
        number = f".{self.number}" if self.number else ""
        return f"{slug(self._block.task)}-{slug(self._name)}-{self._block.seed}{number}.log"

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
        self.present = self._workers.lend(self._adapter, self.number, self._limits, self._block.device)
        self._active.add(self.present)
        return self.present

    def give_back(self) -> None:
        """Give the process back where there is one, and its log to the observer."""
        if self.present:
            remote, self.present = self.present, None
            self._active.discard(remote)
            self._workers.take_back(remote, self.number)
            self.logs[self.log_name] = remote.log_text()
            self._observer.keep_log(self.log_name, self.logs[self.log_name])
