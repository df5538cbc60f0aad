"""A worker seen from outside: a process to start, to call within limits, and to end."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from threading import Lock
from typing import ClassVar

import psutil

from adapters import AdapterUnavailable, target, version
from adapters.declaration_reader import AdapterBroken
from adapters.entry_points import NameTaken
from compare import start
from compare.machine.inherited import CORES, worker_environment
from compare.records.run import Status
from compare.runner.environment_variables import worker_variables
from compare.runner.protocol import Call, Failure, NotPlain, Reply, decode_answer, encode, limit_waiting
from compare.runner.worker_log import WorkerLog

LAST_LINES_OF_A_DEAD_WORKER = 3
MEMORY_CHECK_SECONDS = 0.25
"""How often a worker's memory is looked at where it is limited: less often than would cost a turn 1 %."""

END_SECONDS = 10.0
FOLDER_PREFIX = "lockstep-worker-"


class WorkerFailed(Exception):  # noqa: N818 - reads as the fact that it states
    """A worker raised, died or ran past a limit; `status` says which of them."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a worker may use.

    Units: `timeout_seconds` for any one thing that it is told to do; `memory_bytes` of resident size, its
    own and its children's together.
    """

    threads: int
    timeout_seconds: float
    memory_bytes: int | None = None


class WorkerProcess:
    """One adapter in a process and session of its own: its output in a log, each call under limits.

    A supervisor stands between the two, which ends with this process, and the worker and its temporary
    files with it.

    Raises: WorkerFailed where there is no such adapter, its framework is not installed, or its declaration
    is not valid.
    """

    module: ClassVar[str] = "compare.runner.worker"
    """What runs in the process; it is handed what `identify` says and the descriptor to answer over."""

    def __init__(self, name: str, limits: Limits) -> None:
        variables, name = self.identify(name, limits.threads)
        self._limits = limits
        self._ending = Lock()
        self.log = WorkerLog()
        self.peak_rss_bytes: int | None = None
        self._connection, child = Pipe()
        limit_waiting(self._connection, limits.timeout_seconds)
        self._folder = tempfile.mkdtemp(prefix=FOLDER_PREFIX)
        try:
            self._process = self._start(name, child, variables)
        except BaseException as error:
            self._connection.close()
            self.log.close()
            shutil.rmtree(self._folder, ignore_errors=True)
            if isinstance(error, OSError):
                raise WorkerFailed("failed", f"no process could be started: {error.strerror}") from error
            raise

    @staticmethod
    def identify(name: str, threads: int) -> tuple[dict[str, str], str]:
        """The variables that its environment has beside those of every worker, and what it is to hold."""
        return _variables(name, threads), target(name)

    def _start(self, name: str, child: Connection, variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
        descriptor, cores = str(child.fileno()), ",".join(map(str, CORES))
        supervisor = start.command("compare.runner.supervisor", self._folder, descriptor, cores)
        with child:
            return subprocess.Popen(
                [*supervisor, *start.command(self.module, name, descriptor)],
                env=worker_environment(os.environ, variables, self._limits.threads, self._folder),
                stdin=subprocess.PIPE,
                stdout=self.log.file,
                stderr=subprocess.STDOUT,
                pass_fds=[child.fileno()],
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process.poll() is None

    def begin_anew(self, limits: Limits) -> None:
        """Go on with other work, under other limits, of as many threads; the log of it begins here."""
        self.keep_within(limits)
        self.log.begin_anew()

    def keep_within(self, limits: Limits) -> None:
        """Go on under other limits."""
        limit_waiting(self._connection, limits.timeout_seconds)
        self._limits = limits

    def call(self, method: str, *arguments: object) -> Reply:
        """Have the worker do one thing and wait for it.

        Raises: WorkerFailed where it raised, died, or ran past a limit.
        """
        try:
            message = encode(Call(method=method, arguments=list(arguments)))
        except NotPlain as error:
            raise WorkerFailed("failed", f"{method}: the call cannot be sent: {error}") from error
        try:
            self._connection.send_bytes(message)
            self._wait(method)
            answer = decode_answer(self._connection.recv_bytes())
        except BlockingIOError as error:
            raise self._too_late(method) from error
        except (EOFError, OSError) as error:
            raise WorkerFailed("failed", f"{method}: {self._exit_reason()}") from error
        except NotPlain as error:
            raise WorkerFailed("failed", f"{method}: the answer cannot be read: {error}") from error
        if isinstance(answer, Failure):
            raise WorkerFailed(answer.status, answer.reason)
        self.peak_rss_bytes = answer.peak_rss_bytes
        self._check_memory(method, answer.peak_rss_bytes)
        return answer

    def end(self) -> None:
        """Stop the worker and everything that it started; a call under way elsewhere fails.

        Several threads may: a thread whose call fails as another ends its worker ends it, too.
        """
        with self._ending:
            self._stop()
            self._connection.close()
            self.log.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _stop(self) -> None:
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _wait(self, method: str) -> None:
        """Wait for an answer, with an eye on the memory where it is limited."""
        seconds = self._limits.timeout_seconds
        deadline = time.monotonic() + seconds
        pause = seconds if self._limits.memory_bytes is None else MEMORY_CHECK_SECONDS
        while not self._connection.poll(max(0.0, min(pause, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                raise self._too_late(method)
            self._check_memory(method, self._used_bytes())

    def _used_bytes(self) -> int:
        used = 0
        with contextlib.suppress(psutil.Error):
            for process in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    used += process.memory_info().rss
        return used

    def _check_memory(self, method: str, used: int) -> None:
        limit = self._limits.memory_bytes
        if limit is not None and used > limit:
            self.peak_rss_bytes = max(used, self.peak_rss_bytes or 0)
            raise WorkerFailed(
                "failed", f"{method}: used {used / 2**20:,.0f} MiB: the limit is {limit / 2**20:,.0f} MiB"
            )

    def _too_late(self, method: str) -> WorkerFailed:
        return WorkerFailed("timeout", f"{method}: no answer within {self._limits.timeout_seconds:g} s")

    def _exit_reason(self) -> str:
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            return "the worker closed its connection"
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"exited with code {code}"
        if code == -signal.SIGKILL:
            how += " (out of memory, or by hand?)"
        lines = self.log.last_lines(LAST_LINES_OF_A_DEAD_WORKER)
        return f"the worker {how}" + (f"; its last lines: {' | '.join(lines)}" if lines else "")


def _signal_name(number: int) -> str:
    known = {each.value: each.name for each in signal.Signals}
    return known.get(number, f"signal {number}")


def _variables(adapter: str, threads: int) -> dict[str, str]:
    try:
        version(adapter)
        return worker_variables(adapter, threads)
    except AdapterUnavailable as error:
        raise WorkerFailed("unavailable", str(error)) from error
    except KeyError as error:
        raise WorkerFailed("unavailable", f"there is no adapter {adapter!r} on this machine") from error
    except (AdapterBroken, NameTaken) as error:
        raise WorkerFailed("failed", str(error)) from error
