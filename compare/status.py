"""What became of a piece of work."""

from typing import Literal

Status = Literal["ok", "failed", "timeout", "diverged", "unavailable", "unsupported", "interrupted"]
NO_FAULT: tuple[Status, ...] = ("ok", "unsupported")
"""An adapter that says what it cannot do has done nothing wrong."""
