"""A worker whose answers are checked before they are believed."""

from typing import Any, ClassVar

import msgspec

from compare.records.run import Status
from compare.runner.protocol import Reply
from compare.runner.worker_process import Limits, WorkerFailed, WorkerProcess


class CheckedWorker:
    """An adapter's process; WorkerFailed is raised where it fails, or answers what it should not."""

    process_type: ClassVar[type[WorkerProcess]] = WorkerProcess

    def __init__(self, adapter: str, limits: Limits) -> None:
        self.adapter, self.threads = adapter, limits.threads
        self.usable = True
        self._process = self.process_type(adapter, limits)

    @property
    def alive(self) -> bool:
        """Whether nothing went wrong so far, and the process has not ended."""
        return self.usable and self._process.alive

    def begin_anew(self, limits: Limits) -> None:
        """Go on with other work, under other limits, of as many threads."""
        self._process.begin_anew(limits)

    def last_lines(self) -> list[str]:
        """The end of what the worker wrote."""
        return self._process.log.last_lines()

    def log_text(self) -> str:
        """What the worker wrote."""
        return self._process.log.text()

    def end(self) -> None:
        """Stop the worker, whatever it is doing."""
        self.usable = False
        self._process.end()

    def _call(self, method: str, *arguments: object) -> Reply:
        try:
            return self._process.call(method, *arguments)
        except BaseException:  # an interrupt leaves an answer on its way
            self.usable = False
            raise

    def _as(self, kind: Any, what: str, value: object) -> Any:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            raise self._failed("failed", f"{what} returned what it should not: {error}") from error

    def _failed(self, status: Status, reason: str) -> WorkerFailed:
        self.usable = False
        return WorkerFailed(status, reason)
