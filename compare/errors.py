"""What a user asked for and cannot have."""

import difflib
from collections.abc import Iterable


class UsageError(Exception):
    """Something that the user asked for cannot be done; one line says what, and what can."""


def check_choice(kind: str, name: str, names: Iterable[str]) -> None:
    """Raise if a name is not among those there are.

    Raises: UsageError with the near matches.
    """
    names = list(names)
    if name not in names:
        near = difflib.get_close_matches(name, names, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(names)}"
        raise UsageError(f"unknown {kind} {name!r}: {hint}")
