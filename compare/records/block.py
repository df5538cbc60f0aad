"""What a block is told, and what it can go on from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapters.interface import Array
from compare.records.run import Run

State = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is in the file: the states, by adapter, after so many epochs of a task from one seed."""

    task: str
    seed: int
    epochs: int
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Where a cell goes on: the records up to there of all adapters, and the states of those still in.

    So many `epochs` and `rounds` are done, and are not done again.
    """

    epochs: int
    rounds: int
    runs: Mapping[str, Run]
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One task from one seed, and every adapter that takes part: plain data, to be run anywhere.

    `rounds` count, `warm_ups` come before them (None: those of the rounds that are found to be slower);
    the rounds are spread over so many `processes` of each adapter, one after the other;
    `twins` are second names, each for an adapter that takes part twice.
    Units: `timeout_seconds` for any one thing that a worker is told to do; `memory_limit_bytes` of
    resident size, for a worker and its children together.
    """

    task: str
    data_key: str
    seed: int
    epochs: int
    rounds: int
    adapters: tuple[str, ...]
    threads: int
    timeout_seconds: float
    logs: Path
    memory_limit_bytes: int | None = None
    device: str = "cpu"
    warm_ups: int | None = None
    processes: int = 1
    twins: Mapping[str, str] = field(default_factory=dict)

    @property
    def paced_rounds(self) -> int:
        return self.rounds + (self.warm_ups or 0)

    @property
    def renewals(self) -> set[int]:
        """The rounds before which every adapter gets a fresh process: those that count are spread evenly."""
        warm_ups, parts = self.warm_ups or 0, range(1, self.processes)
        return {warm_ups + self.rounds * part // self.processes for part in parts} - {0}

    @property
    def turns(self) -> int:
        """How often `play` calls its `tick` at most."""
        return len(self.adapters) * (1 + self.epochs + self.paced_rounds)


class Keeper:
    """Whoever keeps what there is of a block under way; this one keeps nothing."""

    def keep(self, runs: list[Run]) -> None:
        """Keep the records as they are now."""

    def snapshot_is_due(self) -> bool:
        """Whether one is wanted before the training is over."""
        return False

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keep what the block can go on from."""
