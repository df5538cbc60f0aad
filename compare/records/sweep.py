"""Times against sizes, and against threads."""

from dataclasses import dataclass

from adapters.interface import Cell
from compare.records.run import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One training step: B sequences of T steps through L layers of H hidden units, and of which cell."""

    hidden: int
    batch: int
    time_steps: int
    layers: int = 1
    cell: Cell = "lstm"
    bidirectional: bool = False

    def __str__(self) -> str:
        return f"H {self.hidden}, B {self.batch}, T {self.time_steps}, L {self.layers}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """One adapter at one size, and the fingerprint of the kind of machine, empty where that was not recorded.

    `status` and `error` say why there are no seconds.
    Units: `seconds` of one step, round by round; `memory_bytes` above what the worker had after its import.
    """

    adapter: str
    size: Size
    seconds: list[float]
    memory_bytes: int
    error: str | None
    machine: str = ""
    status: Status = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRounds:
    """One adapter's training on one task with one thread and with `threads`, in alternating turns.

    `machine` is the fingerprint of the kind of machine, empty where that was not recorded.
    `status` and `error` say why there are no seconds.
    Units: seconds of an update, round by round.
    """

    task: str
    adapter: str
    threads: int
    single: list[float]
    several: list[float]
    error: str | None = None
    machine: str = ""
    status: Status = "ok"
