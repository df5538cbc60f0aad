"""The real command line in a process of its own, and what a test wants to know of it."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
MARK = "LOCKSTEP_TEST_RUN"
CHAOS = "tests.chaos:Chaos"


def start(*arguments, mark, **options):
    """Start a command whose whole family carries a mark."""
    environment = options.pop("environment", {})
    return subprocess.Popen(
        [sys.executable, "-m", "compare", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "100", **environment, MARK: str(mark)},
        stdin=subprocess.DEVNULL,
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        text=True,
        **options,
    )


def finish(*arguments, mark="", seconds=120, **options):
    """Run a command to its end; return its exit code and what it said, errors last."""
    with start(*arguments, mark=mark, **options) as process:
        said, errors = process.communicate(timeout=seconds)
        return process.returncode, said + errors


def marked(mark):
    """The processes that carry a mark."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARK) == str(mark) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def wait_until(true, what, seconds=20.0):
    """Wait for something; it is an error if it does not come."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
        time.sleep(0.02)


def learned(run):
    """All of a run that depends on no clock."""
    return run.status, [(epoch.losses, epoch.metrics) for epoch in run.epochs], run.metrics, run.forecast
