"""What Ctrl-C, TERM and HUP do: the first one ends the run in order, the second one the process at once."""

import os
import signal
import time
from types import FrameType

INTERRUPTED = 130
"""The exit code."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SAME_SIGNAL_SECONDS = 0.5
"""Signals within this time of the first count as one: `timeout` signals its child, then the child's group."""

_SHOW_CURSOR = b"\x1b[?25h"


def exit_when_interrupted() -> None:
    """End the process on an interrupt: nothing has been done yet that could be lost.

    From now on the ends of child processes are told, too, which they are not where a parent had them ignored.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _handle(_exit)


def handle_interrupts() -> None:
    """Raise KeyboardInterrupt on the first interrupt from now on; end the process at once on the second.

    Even then no file is half-written, and each worker's supervisor ends it.
    """
    _handle(_interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    first = time.monotonic()

    def again(number: int, frame: FrameType | None) -> None:
        if time.monotonic() - first > _SAME_SIGNAL_SECONDS:
            _exit(number, frame)

    _handle(again)
    raise KeyboardInterrupt


def _exit(number: int, frame: FrameType | None) -> None:
    if os.isatty(1):
        os.write(1, _SHOW_CURSOR)
    os._exit(INTERRUPTED)


def _handle(handler: "signal._HANDLER") -> None:
    """Install a handler; signals that the parent process set to be ignored stay ignored."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
