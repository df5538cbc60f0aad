"""What a user asked for and cannot have."""

import difflib
from collections.abc import Iterable

MOST_NAMES = 100
"""How many names are listed; a table may have thousands of columns."""


class UsageError(Exception):
    """Something that the user asked for cannot be done; one line says what, and what can."""


def check_choice(kind: str, name: str, names: Iterable[str]) -> None:
    """Raise if a name is not among those there are.

    Raises: UsageError with the near matches.
    """
    names = list(names)
    if name not in names:
        near = difflib.get_close_matches(name, names, cutoff=0.5)
        more = f" and {len(names) - MOST_NAMES:,} more" if len(names) > MOST_NAMES else ""
        choices = f"choose from {', '.join(names[:MOST_NAMES])}{more}"
        hint = f"did you mean {' or '.join(near)}?" if near else choices
        raise UsageError(f"unknown {kind} {name!r}: {hint}")
