"""A block, the unit of running: what it is told, who hears of it, what it goes on from, what comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from msgspec import Meta

from adapters.interface import Array
from compare.records.environment import Environment
from compare.records.machine import Machine
from compare.records.run import Run
from tasks.interface import DataRequest, TaskReference

State = Mapping[str, Array]

LogName = Annotated[str, Meta(pattern=r"\A[^./\0][^/\0]*\.log\Z")]
"""That of a file in a run's folder for logs, from which it leads nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long what is timed must last.

    A timed turn lasts `turn_seconds` at least, of `most_batches` at most, after `settle_seconds` in which the
    threads of the worker before it go to sleep; an adapter trains short epochs for `epochs_seconds` before
    the next one does. Predictions are timed in `prediction_rounds` turns of
    `prediction_seconds`, matrix products for `product_seconds`; `warm_calls` calls are like the first one.
    """

    turn_seconds: float = 0.25
    epochs_seconds: float = 1.0
    settle_seconds: float = 0.05
    most_batches: int = 1_000_000
    warm_calls: int = 5
    prediction_rounds: int = 5
    prediction_seconds: float = 0.05
    product_seconds: float = 0.2


TIMING = Timing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One task from one seed, and every adapter that takes part: plain data, to be run anywhere.

    `task` is the name in every record; `reference` finds the task where that is not its name alone.
    `rounds` count, `warm_ups` come before them (None: those of the rounds that are found to be slower);
    the rounds are spread over so many `processes` of each adapter, one after the other;
    `twins` are second names, each for an adapter that takes part twice.
    Units: `timeout_seconds` for any one thing that a worker is told to do; `memory_limit_bytes` of
    resident size, for a worker and its children together.
    Raises: ValueError for more processes than rounds.
    """

    task: str
    data: DataRequest
    seed: int
    epochs: int
    rounds: int
    adapters: tuple[str, ...]
    threads: int
    timeout_seconds: float
    memory_limit_bytes: int | None = None
    device: str = "cpu"
    warm_ups: int | None = None
    processes: int = 1
    twins: Mapping[str, str] = field(default_factory=dict)
    timing: Timing = TIMING
    reference: TaskReference | None = None

    def __post_init__(self) -> None:
        if self.processes > self.rounds:
            raise ValueError(
                f"processes is {self.processes}: each has a round at least, and rounds is {self.rounds}"
            )

    @property
    def found_by(self) -> TaskReference:
        """What finds the task."""
        return self.reference or TaskReference(name=self.task)

    @property
    def timed_rounds(self) -> int:
        """All that are timed, those before the ones that count included."""
        return self.rounds + (self.warm_ups or 0)

    @property
    def renewals(self) -> set[int]:
        """The rounds before which every adapter gets a fresh process: those that count are spread evenly."""
        warm_ups, parts = self.warm_ups or 0, range(1, self.processes)
        return {warm_ups + self.rounds * part // self.processes for part in parts} - {0}

    @property
    def turns(self) -> int:
        """Of how many turns an observer hears at most."""
        return len(self.adapters) * (1 + self.epochs + self.timed_rounds)

    @property
    def single_adapters(self) -> tuple[str, ...]:
        """The adapters, each once."""
        return tuple(name for name in self.adapters if name not in self.twins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The states, by adapter, after so many epochs of a task from one seed."""

    task: str
    seed: int
    epochs: int
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where a block goes on: all adapters' records up to there, and the states of those that have not failed.

    So many `epochs` and `rounds` are done, and are not done again.
    """

    epochs: int
    rounds: int
    runs: Mapping[str, Run]
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockResult:
    """The machine that a block ran on, one record an adapter, and what each worker wrote, by file name."""

    environment: Environment
    machine: Machine
    runs: tuple[Run, ...]
    logs: Mapping[LogName, str]


class Observer:
    """Observer of a block; does nothing by default."""

    def wait_for(self, adapter: str) -> None:
        """It is this adapter's turn."""

    def turn(self, adapter: str) -> None:
        """An adapter has had its turn."""

    def keep(self, runs: Sequence[Run]) -> None:
        """The records as they are now: before the first round, and after every one."""

    def snapshot_is_due(self) -> bool:
        """Whether a snapshot is wanted before the training is over."""
        return False

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """What the block can go on from."""

    def keep_parameters(self, adapter: str, parameters: Mapping[str, Array]) -> None:
        """What an adapter has learned, after its last epoch."""

    def keep_log(self, name: str, text: str) -> None:
        """What a worker wrote until it ended."""
