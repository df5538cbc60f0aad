"""What a worker writes to its standard output and error, in a file without a name."""

import os
import tempfile
from threading import Lock

LOG_LINES = 20
LONGEST_LINE = 500
LAST_LINES_BYTES = 20_000
"""How much of a log's end is looked at for its last lines, however long it is."""

LOG_BYTES = 16 * 2**20
"""How much of a log's end is kept."""


class WorkerLog:
    """Can be read while the worker writes on, and after it has been closed, by any thread."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - `close` closes it
        self._lock = Lock()
        self._begin = 0
        self._kept: bytes | None = None
        self._left_out = 0

    def begin_anew(self) -> None:
        """Leave out all that was written so far."""
        with self._lock:
            self._begin = self._size

    def text(self) -> str:
        """All that the worker has written so far; of a very long log, the end."""
        with self._lock:
            left_out = self._left_out if self._kept is not None else self._size - self._begin - LOG_BYTES
            end = self._end(LOG_BYTES).decode(errors="replace")
        return f"… the first {left_out:,} bytes are left out\n{end}" if left_out > 0 else end

    def last_lines(self, number: int = LOG_LINES) -> list[str]:
        """The end of it; empty where the worker wrote nothing."""
        with self._lock:
            end = self._end(LAST_LINES_BYTES)
        lines = end.decode(errors="replace").strip().splitlines()
        return [line[-LONGEST_LINE:] for line in lines[-number:]]

    def close(self) -> None:
        """Give the file back; what can be read of it is kept."""
        with self._lock:
            if self._kept is None:
                self._left_out = self._size - self._begin - LOG_BYTES
                self._kept = self._end(LOG_BYTES)
                self.file.close()

    @property
    def _size(self) -> int:
        return os.fstat(self.file.fileno()).st_size

    def _end(self, most_bytes: int) -> bytes:
        """Read without moving the place where the worker writes on."""
        if self._kept is not None:
            return self._kept[-most_bytes:]
        return os.pread(self.file.fileno(), most_bytes, max(self._begin, self._size - most_bytes))
