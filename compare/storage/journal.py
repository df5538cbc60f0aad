"""The cell under way, on disk after every round; it is read only where a run was broken off."""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from types import TracebackType

import msgspec

from compare.records.block import Block, Checkpoint, Observer, Snapshot
from compare.records.run import Epoch, Round, Run
from compare.runner.warm_up import mark_warm_ups
from compare.storage import checkpoint as checkpoints
from compare.storage.atomic import write_bytes
from compare.text import counted

NAME = "running.jsonl"
SYNC_SECONDS = 1.0
"""What a loss of power may cost; the end of a process costs nothing that was written."""

SNAPSHOT_SECONDS = 1.0
"""How far apart snapshots are at least: they must not cost 1 % where an epoch takes a millisecond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """A line of the journal: what is new of a run, and all else of it where more has changed than that."""

    adapter: str
    epochs: list[Epoch]
    rounds: list[Round]
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    state: tuple[str, ...] = ()
    epochs: int = 0
    rounds: int = 0


class Journal(Observer):
    """Takes the records of one cell as they grow, and writes what is new of them, a line an adapter.

    What an earlier journal holds is replaced in one step, by the first records that come.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stream: FileIO | None = None
        self._known: dict[str, _Known] = {}
        self._synced = self._snapped = time.monotonic()

    def keep(self, runs: Iterable[Run]) -> None:
        """Have everything up to here in the file."""
        lines = b"".join(msgspec.json.encode(self._growth(run)) + b"\n" for run in runs)
        if self._stream is None:
            write_bytes(self._folder / NAME, lines)
            self._stream = (self._folder / NAME).open("ab", buffering=0)
            return
        self._stream.write(lines)
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            os.fsync(self._stream.fileno())
            self._synced = time.monotonic()

    def snapshot_is_due(self) -> bool:
        return time.monotonic() - self._snapped >= SNAPSHOT_SECONDS

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Have it on disk, once its epochs are."""
        checkpoints.write(self._folder, snapshot)
        self._snapped = time.monotonic()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream:
            self._stream.close()

    def _growth(self, run: Run) -> Growth:
        known = self._known.get(run.adapter, _Known())
        now = _Known((run.status, *run.cold_seconds), len(run.epochs), len(run.rounds))
        self._known[run.adapter] = now
        rest = replace(run, epochs=[], rounds=[], forecast=None, confusion=None)
        return Growth(
            adapter=run.adapter,
            epochs=run.epochs[known.epochs :],
            rounds=run.rounds[known.rounds :],
            run=None if known.state == now.state else rest,
        )


def under_way(folder: Path) -> dict[str, Run]:
    """The records of the latest cell, by adapter, as far as they are there; half a line is no line."""
    runs: dict[str, Run] = {}
    path = folder / NAME
    content = path.read_bytes() if path.is_file() else b""
    try:
        for line in content.splitlines():
            new = msgspec.json.decode(line, type=Growth)
            old = runs.get(new.adapter)
            base = new.run or old
            if base:
                epochs = [*(old.epochs if old else ()), *new.epochs]
                rounds = [*(old.rounds if old else ()), *new.rounds]
                runs[new.adapter] = replace(base, epochs=epochs, rounds=rounds)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    return runs


def broken_off(folder: Path, finished: Sequence[Run]) -> list[Run]:
    """The records of the cell that was under way, where there is one."""
    cells = {(run.task, run.seed) for run in finished}
    return [_interrupted(run) for run in under_way(folder).values() if (run.task, run.seed) not in cells]


def going_on(folder: Path, block: Block) -> Checkpoint | None:
    """Where a block that was broken off goes on; None where records or states are missing: it starts anew."""
    runs, snapshot = under_way(folder), checkpoints.read(folder)
    alive = {name: run for name, run in runs.items() if run.status == "ok"}
    if snapshot is None or not alive or not alive.keys() <= snapshot.states.keys():
        return None
    cells = {(snapshot.task, snapshot.seed), *((run.task, run.seed) for run in runs.values())}
    epochs, trained = snapshot.epochs, min(len(run.epochs) for run in alive.values())
    if cells != {(block.task, block.seed)} or runs.keys() != set(block.adapters):
        return None
    if not 0 < epochs <= min(trained, block.epochs) or not all(map(_is_timed, alive.values())):
        return None
    rounds = min(len(run.rounds) for run in alive.values()) if epochs == block.epochs else 0
    for name, run in alive.items():
        runs[name] = replace(run, epochs=run.epochs[:epochs], rounds=run.rounds[:rounds])
    states = {name: snapshot.states[name] for name in alive}
    return Checkpoint(epochs=epochs, rounds=rounds, runs=runs, states=states)


def _is_timed(run: Run) -> bool:
    """Whether all that was timed has a length, as whoever goes on with it expects."""
    epochs = all(epoch.sequences > 0 and epoch.train_seconds > 0 for epoch in run.epochs[1:])
    return epochs and all(turn.sequences > 0 and turn.seconds > 0 for turn in run.rounds)


def clear(folder: Path) -> None:
    """Forget the cell that was under way."""
    checkpoints.clear(folder)
    (folder / NAME).unlink(missing_ok=True)


def _interrupted(run: Run) -> Run:
    """With the rounds that turn out to be warm-up, now that there are later ones, marked as such."""
    if not any(turn.warm_up for turn in run.rounds):
        run = replace(run, rounds=mark_warm_ups(run.rounds, None))
    if run.status != "ok":
        return run
    done = f"{counted(len(run.epochs), 'epoch')} and {counted(len(run.rounds), 'timed round')}"
    error = f"interrupted after {done}"
    return replace(run, status="interrupted", error=error, metrics={}, sequences_per_second=None)
