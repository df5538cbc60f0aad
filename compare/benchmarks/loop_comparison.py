"""Adapters against native loops on one task, in alternating turns of one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.parameters import draw, normal, shapes
from compare.analysis.statistics import Ratio, Spread, clustered_ratio, spread
from compare.benchmarks.interleaved import UpdateTimes, time_interleaved
from compare.benchmarks.loops import LONG_TURNS, installed_loops
from compare.benchmarks.timed_worker import Candidate, Workload
from compare.records.run import Status, is_fault

AGAIN = "{} (again)"
"""What the first candidate is called where it is timed once more."""


def varied(workload: Workload, changes: Mapping[str, Any]) -> Workload:
    """The same training of a model that has some fields otherwise, from random weights."""
    model = replace(workload.model, **changes)
    parameters = draw(model, 0, dict.fromkeys(shapes(model), normal(0.05)))
    return replace(workload, model=model, parameters=parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """On what every candidate runs, in how many processes one after the other, and the rounds in each."""

    threads: int
    processes: int
    rounds: int
    device: str = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How long a candidate's updates took, and how many times as fast as each native loop it was.

    `twin_of` names what it is once more, in processes of its own: an A/A test of this run.
    `departures` say what in its worker was not as it should be, and leaves its speed comparable.
    Units: `seconds_per_update`, over all rounds; `speedups` by the loop's name, paired by round, a process
    being the sample; `gpu_kernels` of an update.
    """

    name: str
    device: str
    seconds_per_update: Spread | None
    speedups: Mapping[str, Ratio]
    twin_of: str | None = None
    status: Status = "ok"
    error: str | None = None
    departures: tuple[str, ...] = ()
    gpu_kernels: float | None = None

    @property
    def differs_from_itself(self) -> Ratio | None:
        """The ratio to its twin where that was found to differ, though it is the same."""
        ratio = None if self.twin_of is None else self.speedups.get(self.twin_of)
        return ratio if ratio and ratio.has_interval and not ratio.includes_one else None


def candidates_of(entry: str, adapters: Sequence[str]) -> dict[str, str]:
    """Name to show -> what is timed: an entry's loops, then adapters; the first of all a second time."""
    named = {**installed_loops(entry), **{name: name for name in adapters}}
    first, target = next(iter(named.items()))
    return {first: target, AGAIN.format(first): target, **named}


def bases_of(entry: str, adapters: Sequence[str]) -> list[str]:
    """What ratios are to: an entry's loops; where none is installed, the first adapter."""
    return [*installed_loops(entry)] or [adapters[0]]


def compare_with_native_loops(
    task: str, workload: Workload, adapters: Sequence[str], effort: Effort, tick: Callable[[str], None]
) -> list[Comparison]:
    """The candidates of a task, each with its ratios to the native loops."""
    named, bases = candidates_of(task, adapters), bases_of(task, adapters)
    candidates = [
        Candidate(
            name=name,
            adapter=target,
            threads=effort.threads,
            device=effort.device,
            stretch=LONG_TURNS.get(name, 1),
        )
        for name, target in named.items()
    ]
    parts = [time_interleaved(workload, candidates, effort.rounds, tick) for _ in range(effort.processes)]
    by_name = {name: [part[name] for part in parts] for name in named}
    return [_comparison(name, by_name, bases) for name in named]


def _comparison(name: str, by_name: Mapping[str, Sequence[UpdateTimes]], bases: Sequence[str]) -> Comparison:
    own = by_name[name]
    worst = max(own, key=lambda part: (is_fault(part), part.error is not None))
    return Comparison(
        name=name,
        device=own[0].device,
        seconds_per_update=spread([seconds for part in own for seconds in part.seconds_per_update]),
        speedups={base: ratio for base in bases if base != name and (ratio := speedup(by_name[base], own))},
        twin_of=bases[0] if name == AGAIN.format(bases[0]) else None,
        status=worst.status,
        error=worst.error,
        departures=tuple(dict.fromkeys(found for part in own for found in part.departures)),
        gpu_kernels=own[0].gpu_kernels,
    )


def speedup(slow: Sequence[UpdateTimes], fast: Sequence[UpdateTimes]) -> Ratio | None:
    """How many times as fast the second was, process by process; None where one took no part in any."""
    pairs = [(a, b) for a, b in zip(slow, fast, strict=True) if not a.error and not b.error]
    return clustered_ratio(
        [
            [before / after for before, after in zip(a.seconds_per_update, b.seconds_per_update, strict=True)]
            for a, b in pairs
        ]
    )
