"""A process that stands between a run and one worker, so that nothing which the worker started outlives it.

Its arguments are FOLDER DESCRIPTOR CORES COMMAND…: it runs the command, which inherits the descriptor and may
use these cores, until that ends by itself or standard input does, which it does when the run is over, however
it ended. Then everything that the command started is killed, the folder, which holds the
command's temporary files, is removed, and the supervisor ends as the command did. Nothing but the standard
library is needed until then, so that it is small and soon ready.
"""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

MORE_LIKELY_KILLED = "500"
"""For the kernel that runs out of memory: the worker before the run that it belongs to, of -1000..1000."""

_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36
"""PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER of Linux's prctl(2)."""


def main() -> None:
    """Supervise as the arguments say."""
    folder, descriptor, cores, *command = sys.argv[1:]
    run_on([int(core) for core in cores.split(",") if core])
    end_as(supervise(command, folder, int(descriptor)))


def run_on(cores: list[int]) -> None:
    """Let this process and all that it starts use these cores, whichever its parent was bound to."""
    if cores:
        with contextlib.suppress(AttributeError, OSError):
            os.sched_setaffinity(0, cores)


def supervise(command: list[str], folder: str, descriptor: int) -> int:
    """Run a command and everything that it starts to their end; return its status as `os.wait` has it."""
    process_control(_ADOPT_ORPHANS, 1)
    worker = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        pass_fds=[descriptor],
        preexec_fn=_end_before_the_parent,  # noqa: PLW1509 - there is no other thread yet
    )
    os.close(descriptor)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: worker.kill())
    Thread(target=_kill_when_input_ends, args=(worker.pid,), daemon=True).start()
    status = _wait_for(worker.pid)
    end_descendants()
    shutil.rmtree(folder, ignore_errors=True)
    return status


def process_control(option: int, value: int) -> None:
    """Set an attribute of this process, where the system is Linux."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).prctl(option, value)


def end_descendants() -> None:
    """Kill all processes below this one, those left behind by their parents included."""
    import psutil  # noqa: PLC0415 - only at the end, and then it does not matter how long it takes

    while descendants := psutil.Process().children(recursive=True):
        for process in descendants:
            with contextlib.suppress(psutil.Error):
                process.kill()
        with contextlib.suppress(ChildProcessError):
            os.wait()


def end_as(status: int) -> None:
    """Exit with the code, or die by the signal, that a status says."""
    if os.WIFSIGNALED(status):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        number = os.WTERMSIG(status)
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status))


def _end_before_the_parent() -> None:
    process_control(_DIE_WITH_PARENT, signal.SIGKILL)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(MORE_LIKELY_KILLED, encoding="utf-8")


def _kill_when_input_ends(worker: int) -> None:
    with contextlib.suppress(OSError):
        while os.read(sys.stdin.fileno(), 1):
            pass
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)


def _wait_for(worker: int) -> int:
    """Wait for the worker's end, and on the way for orphans that were adopted."""
    while True:
        ended, status = os.wait()
        if ended == worker:
            return status
