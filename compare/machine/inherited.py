"""What a run inherits: read before anything is imported, and set aside where it changes computing."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress

from compare.machine.influences import FOLDER, INFLUENCES, THREADS, Influence
from compare.records.environment import Treatment

PLAIN = (THREADS, FOLDER, "1")
"""What a run has options for, or what changes no result."""

BEFORE: dict[str, str] = {}
"""All variables that this process began with, once it has set some of them aside."""


def allowed_cores() -> tuple[int, ...]:
    """The cores that the calling thread may run on; empty where the system does not say."""
    with suppress(AttributeError, OSError):
        return tuple(sorted(os.sched_getaffinity(0)))
    return ()


CORES = allowed_cores()
"""Those at the start: OpenMP may bind a thread of this process to one of them later, and what it starts."""


def set_aside() -> None:
    """Remove from this process what would change computing, before any library reads it; BEFORE keeps it."""
    BEFORE.update(os.environ)
    for name in [name for name in os.environ if treatment_of(name) == "removed"]:
        del os.environ[name]


def influence(name: str) -> Influence | None:
    """The entry of the table that holds for a variable; None for one that nothing reads."""
    matching = [(len(pattern), entry) for pattern, entry in _patterns() if _matches(name, pattern)]
    return max(matching, key=lambda found: found[0])[1] if matching else None


def treatment_of(name: str) -> Treatment | None:
    """What is done with a variable; None where the table does not know it."""
    entry = influence(name)
    return entry.treatment if entry else None


def worker_environment(
    inherited: Mapping[str, str], declared: Mapping[str, str], threads: int, folder: str
) -> dict[str, str]:
    """The variables of a worker: those inherited that pass, those of the table, those of its adapter."""
    stand_ins = {THREADS: str(threads), FOLDER: folder}
    own = {
        name: stand_ins.get(entry.value, entry.value)
        for entry in INFLUENCES
        if entry.treatment == "set"
        for name in entry.names
    }
    passed = {name: value for name, value in inherited.items() if treatment_of(name) != "removed"}
    return {**passed, **own, **declared}


def inherited_variables() -> dict[str, str]:
    """The variables that this process began with and that some library reads."""
    found = BEFORE or os.environ
    return {name: found[name] for name in sorted(found) if treatment_of(name) not in (None, "passed")}


def replaced_variables() -> dict[str, str]:
    """Those that would have changed what is computed, and that workers do not see."""
    return {
        name: value
        for name, value in inherited_variables().items()
        if (entry := influence(name))
        and (
            entry.treatment == "removed" or (entry.treatment == "set" and entry.value not in (value, *PLAIN))
        )
    }


def _patterns() -> Iterator[tuple[str, Influence]]:
    return ((pattern, entry) for entry in INFLUENCES for pattern in entry.names)


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
