"""The cell under way, on disk after every round; it is read only where a run was broken off."""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

import msgspec

from compare.records import Epoch, Round, Run

NAME = "running.jsonl"
SYNC_SECONDS = 1.0
"""What a loss of power may cost; the end of a process costs nothing that was written."""


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


class Journal:
    """Takes the records of one cell as they grow, and writes what is new of them, a line an adapter."""

    def __init__(self, folder: Path) -> None:
        self._stream = (folder / NAME).open("wb", buffering=0)
        self._known: dict[str, _Known] = {}
        self._synced = time.monotonic()

    def keep(self, runs: Iterable[Run]) -> None:
        """Have everything up to here in the file."""
        self._stream.write(b"".join(msgspec.json.encode(self._growth(run)) + b"\n" for run in runs))
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            os.fsync(self._stream.fileno())
            self._synced = time.monotonic()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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


def broken_off(folder: Path, finished: Sequence[Run]) -> list[Run]:
    """The records of the cell that was under way, where there is one; a line that is not whole is no line."""
    runs: dict[str, Run] = {}
    try:
        for line in (folder / NAME).read_bytes().splitlines():
            new = msgspec.json.decode(line, type=Growth)
            old = runs.get(new.adapter)
            base = new.run or old
            if base:
                epochs = [*(old.epochs if old else ()), *new.epochs]
                rounds = [*(old.rounds if old else ()), *new.rounds]
                runs[new.adapter] = replace(base, epochs=epochs, rounds=rounds)
    except (FileNotFoundError, msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        pass
    cells = {(run.task, run.seed) for run in finished}
    return [_interrupted(run) for run in runs.values() if (run.task, run.seed) not in cells]


def clear(folder: Path) -> None:
    """Forget the cell that was under way."""
    (folder / NAME).unlink(missing_ok=True)


def _interrupted(run: Run) -> Run:
    if run.status != "ok":
        return run
    error = f"interrupted after {len(run.epochs)} epochs and {len(run.rounds)} timed rounds"
    return replace(run, status="interrupted", error=error, metrics={}, sequences_per_second=None)
