"""Command lines: within this process where what they say counts, in one of their own where more does."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psutil

ROOT = Path(__file__).parents[1]
MARK = "LOCKSTEP_TEST_RUN"
LONGEST_SECONDS = 600.0
"""Whoever has not come by then never comes, however slow or busy the machine is."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All of it, without the ends of lines."""
        return " ".join((self.out + self.err).split())


@contextlib.contextmanager
def signals_left_alone():
    """The command line takes interrupts to itself; here they belong to pytest."""
    before = [signal.getsignal(number) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)


with signals_left_alone(), patch.dict(os.environ):  # nor are the variables of these tests set aside
    from compare.__main__ import main
    from compare.cli.app import console, error_console
    from tests.brief_command import brief


def command(*arguments, columns=80, out=None):
    """Run a command line within this process, its turns of milliseconds; its workers are processes still.

    What it prints goes to `out`, where that is given.
    """
    said, err = io.StringIO(), io.StringIO()
    with (
        brief(),
        signals_left_alone(),
        patch.object(sys, "argv", ["compare", *map(str, arguments)]),
        patch.object(console, "_width", columns),
        patch.object(error_console, "_width", columns),
        contextlib.redirect_stdout(out or said),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code or 0
        else:
            code = 0
    return Ended(code, said.getvalue(), err.getvalue())


def assert_refused(ended, says):
    """Exit code 2, and one line that says why."""
    assert (ended.code, ended.out) == (2, ""), ended
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert says in ended.err


@contextlib.contextmanager
def start(*arguments, mark="", program="tests.brief_command", **options):
    """Start a command in a process of its own, whose whole family carries a mark."""
    environment = options.pop("environment", {})
    process = subprocess.Popen(
        [sys.executable, "-m", program, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", **environment, MARK: str(mark)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()  # where a test has failed: else it has ended


def finish(*arguments, seconds=LONGEST_SECONDS, **options):
    """Run a command in a process of its own to its end."""
    with start(*arguments, **options) as process:
        out, err = process.communicate(timeout=seconds)
        return Ended(process.returncode, out, err)


def marked(mark):
    """The processes that carry a mark."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(mark) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def command_line(process):
    """The words that a process was started with; none where it has ended."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def wait_until(true, what, seconds=LONGEST_SECONDS):
    """Wait for something; it is an error if it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
        time.sleep(0.02)


def learned(run):
    """All of a run that depends on no clock."""
    return run.status, [(epoch.losses, epoch.metrics) for epoch in run.epochs], run.metrics, run.forecast


def faulty(name):
    """What the command line calls an adapter of `tests/faulty_adapters.py`."""
    return f"tests.faulty_adapters:{name}"
