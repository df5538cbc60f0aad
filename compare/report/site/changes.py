"""Histories: one adapter on one kind of work on one machine, run after run, and where its speed changed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from compare.analysis.history import Times, change_points, looks_at
from compare.report.site.summaries import Entry

DATE = "date"
"""The order of time; every other is that of one distribution's versions, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of speed in one order of runs: `run` is the first after it, by its key.

    `ratio` is the speed after it in multiples of the one before, with its interval; `before` and `after` say
    how many runs lay on each side, `sample` what a sample was.
    """

    order: str
    work: str
    machine: str
    adapter: str
    run: str
    ratio: float
    low: float
    high: float
    before: int
    after: int
    sample: Literal["run", "seed", "process"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """The runs of one series in one order, and the places between them where a change may lie."""

    order: str
    key: tuple[str, str, str]
    runs: tuple[str, ...]
    times: tuple[Times, ...]
    places: tuple[int, ...]


def orders(runs: Sequence[Entry]) -> list[str]:
    """In which runs can be looked at: by date, and by whatever there are several versions of."""
    names = dict.fromkeys(name for run in runs for name in run.summary.versions)
    return [DATE, *(name for name in names if len(versions(runs, name)) > 1)]


def versions(runs: Sequence[Entry], name: str) -> list[str]:
    """All versions of one distribution, the oldest first."""
    return sorted(
        {run.summary.versions[name] for run in runs if name in run.summary.versions}, key=version_key
    )


def version_key(version: str) -> list[tuple[bool, int, str]]:
    """By which versions are ordered: numbers by their value, and before all words, as in `2.10.0.dev1`."""
    parts = re.findall(r"\d+|[^\d.]+", version)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def find_changes(runs: Sequence[Entry], shown: Sequence[str]) -> list[Change]:
    """Every change in every history, in all these orders; `runs` come in the order of time."""
    histories = [history for order in shown for history in _histories(runs, order)]
    looks = sum(looks_at(len(history.runs), history.places) for history in histories)
    return [
        Change(
            order=history.order,
            work=history.key[0],
            machine=history.key[1],
            adapter=history.key[2],
            run=history.runs[point.at],
            ratio=point.ratio,
            low=point.low,
            high=point.high,
            before=point.at - point.start,
            after=point.end - point.at,
            sample=point.sample,
        )
        for history in histories
        for point in change_points(history.times, history.places, looks)
    ]


def _histories(runs: Sequence[Entry], order: str) -> list[_History]:
    series: dict[tuple[str, str, str], list[tuple[Entry, Times]]] = {}
    for run in runs:
        if order != DATE and order not in run.summary.versions:
            continue
        for row, times in zip(run.summary.rows, run.times, strict=True):
            if times is not None:
                series.setdefault((row.work, row.machine, row.adapter), []).append((run, times))
    return [_history(order, key, points) for key, points in series.items()]


def _history(order: str, key: tuple[str, str, str], points: list[tuple[Entry, Times]]) -> _History:
    """In the order of time a change may lie between any two runs, else between two versions alone."""
    places = list(range(1, len(points)))
    if order != DATE:
        points = sorted(points, key=lambda point: version_key(point[0].summary.versions[order]))
        found = [run.summary.versions[order] for run, _ in points]
        places = [at for at in places if found[at - 1] != found[at]]
    return _History(
        order=order,
        key=key,
        runs=tuple(run.summary.key for run, _ in points),
        times=tuple(times for _, times in points),
        places=tuple(places),
    )
