"""What Ctrl-C does, and TERM and HUP: the first ends what is being done, the second the process."""

import os
import signal
import time
from types import FrameType

INTERRUPTED = 130
"""The exit code."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ONE_WISH_SECONDS = 0.5
"""Signals so near to the first say the same: `timeout` signals its child, and then the child's group."""

_SHOW_CURSOR = b"\x1b[?25h"


def leave_when_interrupted() -> None:
    """Until there is something to lose, an interrupt just ends the process."""
    _handle(_leave)


def heed_interrupts() -> None:
    """From now on the first interrupt is a KeyboardInterrupt; the second ends the process at once.

    Nothing is half-written even then: files are moved into place whole, and the workers' guardians end them.
    """
    _handle(_interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    first = time.monotonic()

    def again(number: int, frame: FrameType | None) -> None:
        if time.monotonic() - first > _ONE_WISH_SECONDS:
            _leave(number, frame)

    _handle(again)
    raise KeyboardInterrupt


def _leave(number: int, frame: FrameType | None) -> None:
    if os.isatty(1):
        os.write(1, _SHOW_CURSOR)
    os._exit(INTERRUPTED)


def _handle(handler: "signal._HANDLER") -> None:
    """Signals that whoever started the process wants ignored stay so."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)
