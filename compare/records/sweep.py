"""Times against sizes, and against threads."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The sizes of one training step: B sequences of T steps through H hidden units."""

    hidden: int
    batch: int
    time_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """One adapter at one size.

    Units: `seconds` of one step, round by round; `memory_bytes` above what the worker had after its import.
    """

    adapter: str
    size: Size
    seconds: list[float]
    memory_bytes: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRounds:
    """One adapter's training on one task with one thread and with `threads`, in alternating turns.

    Units: seconds of an update, round by round; `error` says why there are none.
    """

    task: str
    adapter: str
    threads: int
    single: list[float]
    several: list[float]
    error: str | None = None
