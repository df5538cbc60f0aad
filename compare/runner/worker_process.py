"""A worker seen from the conductor: a process to start, to call within a time limit, and to end."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import psutil

from adapters import AdapterUnavailable, target, version
from adapters.declaration_reader import AdapterBroken
from adapters.interface import Array, Dtype, ModelSpec
from adapters.parameters import shapes
from compare.records.run import Status
from compare.runner.environment_variables import environment
from compare.runner.protocol import Garbled, limit_waiting, receive
from compare.runner.worker import Failure, Reply

LAST_WORDS = 3
LOG_LINES = 20
LONGEST_LINE = 500
LOG_BYTES = 20_000
"""How much of a log's end is read, however long it is."""

MEMORY_CHECK_SECONDS = 0.25
"""How often a worker's memory is looked at where it is limited: less often than would cost a turn 1 %."""

END_SECONDS = 10.0


class WorkerFailed(Exception):  # noqa: N818 - reads as the fact that it states
    """A worker raised, died or ran past its time; `status` says which of them."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class WorkerProcess:
    """One adapter in a process and session of its own: its output in a log, each call under limits.

    A guardian stands between the two, which ends with this process, and the worker with it.

    Units: `memory_limit_bytes` of resident size, the worker's and its children's together.
    Raises: WorkerFailed where the adapter's framework is not installed, or its declaration is not valid.
    """

    def __init__(
        self,
        adapter: str,
        threads: int,
        timeout_seconds: float,
        log: Path,
        memory_limit_bytes: int | None = None,
    ) -> None:
        try:
            version(adapter)
            variables = environment(adapter, threads)
        except AdapterUnavailable as error:
            raise WorkerFailed("unavailable", str(error)) from error
        except AdapterBroken as error:
            raise WorkerFailed("failed", str(error)) from error
        self._timeout_seconds = timeout_seconds
        self._memory_limit_bytes = memory_limit_bytes
        self._log = log
        self.peak_rss_bytes: int | None = None
        self._connection, child = Pipe()
        limit_waiting(self._connection, timeout_seconds)
        worker = [sys.executable, "-m", "compare.runner.worker", target(adapter), str(child.fileno())]
        with log.open("wb") as stream, child:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "compare.runner.supervisor", str(child.fileno()), *worker],
                env={**os.environ, **variables, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=subprocess.STDOUT,
                pass_fds=[child.fileno()],
                start_new_session=True,
            )

    def call(self, method: str, *arguments: object) -> Reply:
        """Have the worker do one thing and wait for it.

        Raises: WorkerFailed where it raised, died, or ran past a limit.
        """
        try:
            self._connection.send((method, arguments))
            self._wait(method)
            answer = receive(self._connection)
        except BlockingIOError as error:
            raise self._too_late(method) from error
        except (EOFError, OSError) as error:
            raise WorkerFailed("failed", f"{method}: {self._epitaph()}") from error
        except Garbled as error:
            raise WorkerFailed("failed", f"{method}: the answer cannot be read: {error}") from error
        if isinstance(answer, Failure):
            raise WorkerFailed(answer.status, answer.reason)
        if not isinstance(answer, Reply):
            raise WorkerFailed("failed", f"{method}: the answer is a {type(answer).__name__}")
        self.peak_rss_bytes = answer.peak_rss_bytes
        self._expect_memory(method, answer.peak_rss_bytes)
        return answer

    def last_lines(self, number: int = LOG_LINES) -> list[str]:
        """The end of the worker's log; empty where it wrote nothing."""
        with self._log.open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - LOG_BYTES))
            lines = stream.read().decode(errors="replace").strip().splitlines()
            return [line[-LONGEST_LINE:] for line in lines[-number:]]

    def end(self) -> None:
        """Stop the worker and everything that it started; a call under way elsewhere fails."""
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._connection.close()

    def _wait(self, method: str) -> None:
        """Wait for an answer, with an eye on the memory where it is limited."""
        deadline = time.monotonic() + self._timeout_seconds
        pause = self._timeout_seconds if self._memory_limit_bytes is None else MEMORY_CHECK_SECONDS
        while not self._connection.poll(max(0.0, min(pause, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                raise self._too_late(method)
            self._expect_memory(method, self._used_bytes())

    def _used_bytes(self) -> int:
        used = 0
        with contextlib.suppress(psutil.NoSuchProcess):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    used += process.memory_info().rss
        return used

    def _expect_memory(self, method: str, used: int) -> None:
        limit = self._memory_limit_bytes
        if limit is not None and used > limit:
            raise WorkerFailed(
                "failed", f"{method}: used {used / 2**20:,.0f} MiB: the limit is {limit / 2**20:,.0f} MiB"
            )

    def _too_late(self, method: str) -> WorkerFailed:
        return WorkerFailed("timeout", f"{method}: no answer within {self._timeout_seconds:g} s")

    def _epitaph(self) -> str:
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return "the worker closed its connection"
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
        if code == -signal.SIGKILL:
            how += " (out of memory, or by hand?)"
        lines = self.last_lines(LAST_WORDS)
        return f"the worker {how}" + (f"; its last words: {' | '.join(lines)}" if lines else "")


def expect_array(what: str, value: object, dtype: str, shape: tuple[int, ...]) -> Array:
    """The array that a worker returned, once it is found to be of this dtype and shape.

    Raises: WorkerFailed that says what came instead.
    """
    found = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
    if found != f"{dtype} {shape}":
        raise WorkerFailed("failed", f"{what} returned {found}: expected {dtype} {shape}")
    assert isinstance(value, np.ndarray)
    return value


def expect_parameters(value: object, model: ModelSpec, dtype: Dtype, when: str) -> dict[str, Array]:
    """The parameters that a worker returned, once all are found to be there, of this dtype, and finite.

    Raises: WorkerFailed that says what came instead.
    """
    expected = shapes(model)
    if not isinstance(value, dict) or value.keys() != expected.keys():
        found = list(value) if isinstance(value, dict) else f"a {type(value).__name__}"
        raise WorkerFailed("failed", f"parameters: expected {', '.join(expected)}, came {found}")
    for name, shape in expected.items():
        expect_array(f"parameters: {name}", value[name], dtype, shape)
        if not np.isfinite(value[name]).all():
            raise WorkerFailed("diverged", f"{when}: {name} is not finite")
    return value


def expect_state(value: object) -> dict[str, Array] | None:
    """The state that a worker returned, once it is found to be arrays of numbers; None: it cannot tell.

    Raises: WorkerFailed that says what came instead.
    """
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise WorkerFailed("failed", f"state returned a {type(value).__name__}: expected arrays by name")
    for name, array in value.items():
        if not isinstance(array, np.ndarray) or array.dtype.hasobject:
            raise WorkerFailed(
                "failed",
                f"state: {name} is a {type(array).__name__}: expected a NumPy array of plain numbers",
            )
    return value
