"""The block under way on disk: records after every round, adapters' states after some epochs."""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from types import TracebackType

import msgspec
import numpy as np

from adapters.interface import Array
from compare.records.block import Block, Checkpoint, Observer, Snapshot
from compare.records.run import Epoch, Round, Run
from compare.runner.warm_up import mark_warm_ups
from compare.storage.array_file import read_arrays, write_arrays
from compare.storage.atomic import write_bytes
from compare.storage.encoding import encoded
from compare.text import how_far, number

RECORDS_FILE = "running.jsonl"
SNAPSHOT_FILE = "running.npz"

SYNC_SECONDS = 1.0
"""What a loss of power may cost; the end of a process costs nothing that was written."""

SNAPSHOT_SECONDS = 1.0
"""How far apart snapshots are at least: they must not cost 1 % where an epoch takes a millisecond."""

_HEADING = "heading 2"
"""Another number wherever adapters' states are named otherwise: a snapshot from before then is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What is new of an adapter's record, and all else of it where more has changed than that."""

    adapter: str
    epochs: list[Epoch]
    rounds: list[Round]
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class _Written:
    """How much of an adapter's record is in the file."""

    state: tuple[str, ...] = ()
    epochs: int = 0
    rounds: int = 0


class CheckpointStore(Observer):
    """Keeps one block under way in a run's folder, and tells where a block that was broken off goes on.

    What an earlier block has left is replaced in one step, by the first records that come.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stream: FileIO | None = None
        self._written: dict[str, _Written] = {}
        self._synced = self._snapped = time.monotonic()

    def __enter__(self) -> "CheckpointStore":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream:
            self._stream.close()

    def keep(self, runs: Iterable[Run]) -> None:
        """Write what is new of the records, a line an adapter."""
        lines = b"".join(encoded(self._line(run)) + b"\n" for run in runs)
        if self._stream is None:
            write_bytes(self._folder / RECORDS_FILE, lines)
            self._stream = (self._folder / RECORDS_FILE).open("ab", buffering=0)
            return
        self._stream.write(lines)
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            os.fsync(self._stream.fileno())
            self._synced = time.monotonic()

    def snapshot_is_due(self) -> bool:
        return time.monotonic() - self._snapped >= SNAPSHOT_SECONDS

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Write it in place of the one before; its epochs must be among the records kept."""
        write_snapshot(self._folder, snapshot)
        self._snapped = time.monotonic()

    def _line(self, run: Run) -> _Line:
        before = self._written.get(run.adapter, _Written())
        now = _Written(
            (run.status, str(run.peak_rss_bytes), str(run.log), *run.cold_seconds),
            len(run.epochs),
            len(run.rounds),
        )
        self._written[run.adapter] = now
        rest = replace(run, epochs=[], rounds=[], forecast=None, confusion=None)
        return _Line(
            adapter=run.adapter,
            epochs=run.epochs[before.epochs :],
            rounds=run.rounds[before.rounds :],
            run=None if before.state == now.state else rest,
        )


def resume_point(folder: Path, block: Block) -> Checkpoint | None:
    """Where a block that was broken off goes on; None where records or states are missing: it starts anew."""
    runs, snapshot = _kept_runs(folder), read_snapshot(folder)
    alive = {name: run for name, run in runs.items() if run.status == "ok"}
    if snapshot is None or not alive or not alive.keys() <= snapshot.states.keys():
        return None
    blocks = {(snapshot.task, snapshot.seed), *((run.task, run.seed) for run in runs.values())}
    epochs, trained = snapshot.epochs, min(len(run.epochs) for run in alive.values())
    if blocks != {(block.task, block.seed)} or runs.keys() != set(block.adapters):
        return None
    if not 0 < epochs <= min(trained, block.epochs) or not all(map(_is_timed, alive.values())):
        return None
    rounds = min(len(run.rounds) for run in alive.values()) if epochs == block.epochs else 0
    for name, run in alive.items():
        runs[name] = replace(run, epochs=run.epochs[:epochs], rounds=run.rounds[:rounds])
    states = {name: snapshot.states[name] for name in alive}
    return Checkpoint(epochs=epochs, rounds=rounds, runs=runs, states=states)


def interrupted_runs(folder: Path, finished: Sequence[Run]) -> list[Run]:
    """The records of the block that was under way, where it is not among those finished."""
    blocks = {(run.task, run.seed) for run in finished}
    return [_interrupted(run) for run in _kept_runs(folder).values() if (run.task, run.seed) not in blocks]


def delete_checkpoint(folder: Path) -> None:
    """Delete the records and the states of the block that was under way."""
    delete_snapshot(folder)
    (folder / RECORDS_FILE).unlink(missing_ok=True)


def write_snapshot(folder: Path, snapshot: Snapshot) -> None:
    """Write the states in one step, in place of those before."""
    arrays = {_HEADING: np.array([snapshot.task, str(snapshot.seed), str(snapshot.epochs), *snapshot.states])}
    for place, state in enumerate(snapshot.states.values()):
        arrays.update({f"{place} {name}": value for name, value in state.items()})
    write_arrays(folder / SNAPSHOT_FILE, arrays)


def read_snapshot(folder: Path) -> Snapshot | None:
    """The states that are there; None where there is no file, or it is not whole or something else."""
    try:
        arrays = read_arrays(folder / SNAPSHOT_FILE)
        task, seed, epochs, *adapters = arrays.pop(_HEADING).tolist()
        states: dict[str, dict[str, Array]] = {adapter: {} for adapter in adapters}
        for key, value in arrays.items():
            place, _, name = key.partition(" ")
            states[adapters[int(place)]][name] = value
        return Snapshot(task=task, seed=int(seed), epochs=int(epochs), states=states)
    except Exception:  # whatever damaged bytes make a reader of archives raise: then it is no snapshot
        return None


def delete_snapshot(folder: Path) -> None:
    """Delete the states: the block that was under way then starts anew."""
    (folder / SNAPSHOT_FILE).unlink(missing_ok=True)


def _kept_runs(folder: Path) -> dict[str, Run]:
    """The records of the latest block, by adapter, as far as they are there; half a line is no line."""
    runs: dict[str, Run] = {}
    path = folder / RECORDS_FILE
    content = path.read_bytes() if path.is_file() else b""
    try:
        for line in content.splitlines():
            new = msgspec.json.decode(line, type=_Line)
            old = runs.get(new.adapter)
            base = new.run or old
            if base:
                epochs = [*(old.epochs if old else ()), *new.epochs]
                rounds = [*(old.rounds if old else ()), *new.rounds]
                runs[new.adapter] = replace(base, epochs=epochs, rounds=rounds)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    return runs


def _is_timed(run: Run) -> bool:
    """Whether all that was timed has a length, as what goes on with it expects."""
    epochs = all(epoch.sequences > 0 and epoch.train_seconds > 0 for epoch in run.epochs[1:])
    return epochs and all(turn.sequences > 0 and turn.seconds > 0 for turn in run.rounds)


def _interrupted(run: Run) -> Run:
    """With the rounds that turn out to be warm-up, now that there are later ones, marked as such."""
    if not any(turn.warm_up for turn in run.rounds):
        run = replace(run, rounds=mark_warm_ups(run.rounds, None))
    if run.status != "ok":
        return run
    done = how_far(len(run.epochs), len(run.rounds))
    reached = run.epochs[-1].metrics if run.epochs else {}
    so_far = ", ".join(f"{name} {number(value)}" for name, value in reached.items())
    error = f"interrupted {done}{': ' if so_far else ''}{so_far}"
    return replace(run, status="interrupted", error=error, metrics={}, sequences_per_second=None)
