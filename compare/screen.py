"""Standard output that never ends a run: what nobody reads, or no disk takes, is left out."""

import os
import sys
from collections.abc import Callable
from typing import Any


class Screen:
    """Like `sys.stdout`, until a write fails; `fault` then says why, unless it is that nobody reads on."""

    def __init__(self) -> None:
        self.fault: str | None = None

    def write(self, text: str) -> int:
        self._attempt(sys.stdout.write, text)
        return len(text)

    def flush(self) -> None:
        self._attempt(sys.stdout.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stdout, name)

    def _attempt(self, action: Callable[..., object], *arguments: object) -> None:
        try:
            action(*arguments)
        except BrokenPipeError:
            self._leave_off()
        except OSError as error:
            self.fault = error.strerror
            self._leave_off()

    def _leave_off(self) -> None:
        """Have all that is still to come vanish."""
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, sys.stdout.fileno())
        os.close(descriptor)
