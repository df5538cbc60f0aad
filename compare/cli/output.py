"""Standard output that never ends a run: what cannot be written is dropped."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TextIO

from compare.text import storable


class OutputStream:
    """Like `sys.stdout` or `sys.stderr` until a write fails; `fault` says why, unless the reader has gone."""

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        self.fault: str | None = None
        self._name = name
        self._stream: TextIO | None = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Replace the stream of `sys` by this one, for as long as the context lasts."""
        original = getattr(sys, self._name)
        self.fault, self._stream = None, original or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - ends as the process
        setattr(sys, self._name, self)
        try:
            yield
        finally:
            self.flush()
            self._stream = None
            setattr(sys, self._name, original)

    def write(self, text: str) -> int:
        self._attempt(self._open.write, storable(text))
        return len(text)

    def flush(self) -> None:
        self._attempt(self._open.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._open, name)

    @property
    def _open(self) -> TextIO:
        return self._stream or getattr(sys, self._name)

    def _attempt(self, action: Callable[..., object], *arguments: object) -> None:
        try:
            action(*arguments)
        except BrokenPipeError:
            self._drop_the_rest()
        except OSError as error:
            self.fault = error.strerror
            self._drop_the_rest()

    def _drop_the_rest(self) -> None:
        """Send everything from now on to the null device."""
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, self._open.fileno())
        os.close(descriptor)
