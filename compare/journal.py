"""The cell under way, on disk after every round; it is read only where a run was broken off."""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import msgspec

from compare.records import Run

NAME = "running.jsonl"
SYNC_SECONDS = 1.0
"""What a loss of power may cost; the end of a process costs nothing that was written."""


class Journal:
    """Takes the records of one cell as they grow, and writes what is new of them, a line an adapter."""

    def __init__(self, folder: Path) -> None:
        self._stream = (folder / NAME).open("wb", buffering=0)
        self._known: dict[str, Run] = {}
        self._synced = time.monotonic()

    def keep(self, runs: Iterable[Run]) -> None:
        """Have everything up to here in the file."""
        self._stream.write(b"".join(map(self._line, runs)))
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            os.fsync(self._stream.fileno())
            self._synced = time.monotonic()

    def __enter__(self) -> "Journal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    def _line(self, run: Run) -> bytes:
        known = self._known.get(run.adapter)
        self._known[run.adapter] = replace(run, epochs=[*run.epochs], rounds=[*run.rounds])
        grown = replace(
            run,
            epochs=run.epochs[len(known.epochs) :] if known else run.epochs,
            rounds=run.rounds[len(known.rounds) :] if known else run.rounds,
            forecast=None,
            confusion=None,
        )
        return msgspec.json.encode(grown) + b"\n"


def broken_off(folder: Path, finished: Sequence[Run]) -> list[Run]:
    """The records of the cell that was under way, where there is one; a line that is not whole is no line."""
    runs: dict[str, Run] = {}
    try:
        for line in (folder / NAME).read_bytes().splitlines():
            new = msgspec.json.decode(line, type=Run)
            old = runs.get(new.adapter, replace(new, epochs=[], rounds=[]))
            runs[new.adapter] = replace(
                new, epochs=[*old.epochs, *new.epochs], rounds=[*old.rounds, *new.rounds]
            )
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
