"""How each adapter computes, in its own words, and where to read it."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from compare.records.run import Run

_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Computation:
    """One adapter: its sentence, the file or module of its class, and a link to the file if there is one."""

    adapter: str
    sentence: str
    source: str
    link: str


def computations(runs: Sequence[Run], left_out: Collection[str], folder: Path) -> list[Computation]:
    """One an adapter, for a page in this folder; none for those whose workers recorded nothing."""
    workers = {run.adapter: run.worker for run in runs if run.worker and run.worker.computes}
    return [
        Computation(
            adapter=adapter,
            sentence=worker.computes,
            source=worker.source,
            link=_link(worker.source, folder.resolve()),
        )
        for adapter, worker in workers.items()
        if adapter not in left_out
    ]


def _link(source: str, folder: Path) -> str:
    """From a page to a file of this repository; empty where the page lies outside, or the file is missing."""
    inside = folder.is_relative_to(_REPOSITORY)
    path = (_REPOSITORY / source).resolve()
    if not inside or not source or not path.is_relative_to(_REPOSITORY) or not path.is_file():
        return ""
    return Path(os.path.relpath(path, folder)).as_posix()
