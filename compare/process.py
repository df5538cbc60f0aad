"""A worker seen from the conductor: a process to start, to call within a time limit, and to end."""

import contextlib
import os
import signal
import subprocess
import sys
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import numpy as np

from adapters import AdapterUnavailable, environment, target, version
from adapters.interface import Array
from adapters.source import AdapterBroken
from compare.records import Status
from compare.worker import Failure, Reply

LAST_LINES = 3


class WorkerFailed(Exception):  # noqa: N818 - reads as the fact that it states
    """A worker raised, died or ran past its time; `status` says which of them."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class WorkerProcess:
    """One adapter in a process and session of its own: its output in a log, each call under a time limit.

    Raises: WorkerFailed where the adapter's framework is not installed, or its declaration is not valid.
    """

    def __init__(self, adapter: str, threads: int, timeout_seconds: float, log: Path) -> None:
        try:
            version(adapter)
            variables = environment(adapter, threads)
        except AdapterUnavailable as error:
            raise WorkerFailed("unavailable", str(error)) from error
        except AdapterBroken as error:
            raise WorkerFailed("failed", str(error)) from error
        self._timeout_seconds = timeout_seconds
        self._log = log
        self.peak_rss_bytes = 0
        self._connection, child = Pipe()
        with log.open("wb") as stream, child:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "compare.worker", target(adapter), str(child.fileno())],
                env={**os.environ, **variables, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                pass_fds=[child.fileno()],
                start_new_session=True,
            )

    def call(self, method: str, *arguments: object) -> Reply:
        """Have the worker do one thing and wait for it.

        Raises: WorkerFailed where it raised, died, or ran past its time limit.
        """
        try:
            self._connection.send((method, arguments))
            if not self._connection.poll(self._timeout_seconds):
                raise WorkerFailed("timeout", f"{method}: no answer within {self._timeout_seconds:g} s")
            answer: Any = self._connection.recv()
        except (EOFError, OSError) as error:
            raise WorkerFailed("failed", f"{method}: {self._epitaph()}") from error
        if isinstance(answer, Failure):
            raise WorkerFailed(answer.status, answer.reason)
        assert isinstance(answer, Reply)
        self.peak_rss_bytes = answer.peak_rss_bytes
        return answer

    def end(self) -> None:
        """Stop the worker and everything that it started; a call under way elsewhere fails."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._connection.close()

    def _epitaph(self) -> str:
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            return "the worker closed its connection"
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
        lines = self._log.read_text(errors="replace").strip().splitlines()[-LAST_LINES:]
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
