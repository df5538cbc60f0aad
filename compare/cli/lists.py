"""Lists of names with commas, as options have them."""

from adapters import registered
from compare.errors import UsageError
from compare.jobs.job_file import located
from tasks import registered as registered_tasks

EVERY = "every"


def names(listed: str) -> tuple[str, ...]:
    """The names in a list with commas."""
    return tuple(name.strip() for name in listed.split(",") if name.strip())


def adapter_names(listed: str) -> tuple[str, ...]:
    """The names in a list with commas; `every` stands for all those that are not named beside it."""
    named = names(listed)
    others = tuple(name for name in registered() if name not in named)
    return tuple(name for each in named for name in (others if each == EVERY else (each,)))


def parity_tasks(listed: str | None, quick: bool) -> tuple[str, ...]:
    """The tasks on which lockstep is to be proven: where none are listed all, but none in a quick check.

    Raises: UsageError for an empty list.
    """
    if listed is None:
        return () if quick else tuple(registered_tasks())
    if not names(listed):
        raise UsageError(f"--tasks names none: choose from {', '.join(registered_tasks())}")
    return tuple(dict.fromkeys(map(located, names(listed))))


def wanted(listed: str | None) -> tuple[str, ...]:
    """The names of checks that are listed with commas; none where nothing is said of them.

    Raises: UsageError for an empty list.
    """
    if listed is not None and not names(listed):
        raise UsageError("--only names none: leave it out for all checks")
    return names(listed or "")
