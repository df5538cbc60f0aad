"""Results on disk as they grow: whole, or, where that takes long, by a line for what has come since.

A file that grows with every block would otherwise be written anew as often as there are blocks.
"""

import os
import time
from dataclasses import replace
from pathlib import Path

from compare.records.results import Results
from compare.records.run import Run
from compare.storage.encoding import encoded
from compare.storage.results import JOURNAL_FILE, save

LONG_SECONDS, LARGEST_SHARE = 0.1, 0.05
"""What takes longer than that, and more than this share of the time since it was done last, is put off."""


class ResultsStore:
    """Has a run's results on disk whenever something new is kept.

    What is there is known by the records' identity: what each says would take long to look at, of thousands.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rest: Results | None = None
        self._stored: dict[int, Run] = {}
        self._ended, self._took = time.monotonic(), 0.0

    def keep(self, results: Results) -> None:
        """Have these on disk when this returns: all anew unless that is put off, and runs alone are new."""
        rest = replace(results, runs=[], machines={}, environments={}, cluster=None)
        share = LARGEST_SHARE * (time.monotonic() - self._ended)
        if rest == self._rest and self._took > max(LONG_SECONDS, share):
            self._append(results)
            return
        begin = time.monotonic()
        save(results, self._folder)
        self._ended = time.monotonic()
        self._took, self._rest = self._ended - begin, rest
        self._stored = {id(run): run for run in results.runs}

    def _append(self, results: Results) -> None:
        new = [run for run in results.runs if id(run) not in self._stored]
        line = {
            "runs": new,
            "machines": results.machines,
            "environments": results.environments,
            "cluster": results.cluster,
        }
        with (self._folder / JOURNAL_FILE).open("ab") as stream:
            stream.write(encoded(line) + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        self._stored |= {id(run): run for run in new}
