"""Adapters against native loops on one task, in alternating turns of one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.interface import Adam, ModelSpec, TrainSpec
from adapters.parameters import draw, normal, shapes
from compare.analysis.statistics import Ratio, Spread, paired_ratio, spread
from compare.benchmarks.interleaved import UpdateTimes, time_interleaved
from compare.benchmarks.timed_worker import Candidate, Workload

NATIVE_LOOPS: dict[str, dict[str, str]] = {
    "mnist-rows": {
        "torch.nn.LSTM, torch.optim": "compare.benchmarks.torch_loops:NnLstm",
        "Keras model.fit": "compare.benchmarks.keras_loops:Fit",
    },
    "mnist-rows-gru": {
        "torch.nn.GRU": "compare.benchmarks.torch_loops:NnGru",
        "Keras model.fit": "compare.benchmarks.keras_loops:GruFit",
    },
    "mnist-rows-stacked": {
        "torch.nn.LSTM": "compare.benchmarks.torch_loops:NnStackedLstm",
        "Keras model.fit": "compare.benchmarks.keras_loops:StackedFit",
    },
    "sine-online": {"tutorials' torch loop": "compare.benchmarks.torch_loops:OnlineTutorial"},
}
"""Task, or variation of one -> name to show -> "module:Class"."""

VARIATIONS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "mnist-rows-gru": ("mnist-rows", {"cell": "gru"}),
    "mnist-rows-stacked": ("mnist-rows", {"layers": 2, "bidirectional": True}),
}
"""Variation -> the task whose data and update rule it takes, and what its model has otherwise."""


LOOPS_BY_NETWORK: dict[tuple[str, int, bool], str] = {
    ("lstm", 1, False): "mnist-rows",
    ("gru", 1, False): "mnist-rows-gru",
    ("lstm", 2, True): "mnist-rows-stacked",
}
"""Cell, layers and directions of a classifier under Adam -> the entry of `NATIVE_LOOPS` that trains it."""


def loops_of(model: ModelSpec, train: TrainSpec) -> str | None:
    """The entry of `NATIVE_LOOPS` whose loops train such a network; None where there are none."""
    classifies = (model.loss, model.readout) == ("softmax_cross_entropy", "last")
    if not classifies or not isinstance(train.optimizer, Adam):
        return None
    return LOOPS_BY_NETWORK.get((model.cell, model.layers, model.bidirectional))


def varied(workload: Workload, changes: Mapping[str, Any]) -> Workload:
    """The same training of a model that has some fields otherwise, from random weights."""
    model = replace(workload.model, **changes)
    parameters = draw(model, 0, dict.fromkeys(shapes(model), normal(0.05)))
    return replace(workload, model=model, parameters=parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How long a candidate's updates took, and how many times as fast as each native loop it was.

    `departures` say what in its worker was not as it should be, and leaves its speed comparable.
    Units: `seconds_per_update`, over rounds; `speedups` by the loop's name, paired by round.
    """

    name: str
    seconds_per_update: Spread | None
    speedups: Mapping[str, Ratio]
    error: str | None = None
    departures: tuple[str, ...] = ()


def compare_with_native_loops(
    task: str,
    workload: Workload,
    adapters: Sequence[str],
    threads: int,
    rounds: int,
    tick: Callable[[str], None],
) -> list[Comparison]:
    """The task's native loops and the adapters, each with its ratios to the native loops."""
    loops = NATIVE_LOOPS[task]
    named = {**loops, **{name: name for name in adapters}}
    candidates = [Candidate(name=name, adapter=target, threads=threads) for name, target in named.items()]
    times = time_interleaved(workload, candidates, rounds, tick)
    return [
        Comparison(
            name=name,
            seconds_per_update=spread(times[name].seconds_per_update),
            speedups={
                loop: ratio for loop in loops if loop != name and (ratio := speedup(times[loop], times[name]))
            },
            error=times[name].error,
            departures=times[name].departures,
        )
        for name in named
    ]


def speedup(slow: UpdateTimes, fast: UpdateTimes) -> Ratio | None:
    """How many times as fast the second was, round by round; None where one took no part."""
    if slow.error or fast.error:
        return None
    pairs = zip(slow.seconds_per_update, fast.seconds_per_update, strict=True)
    return paired_ratio([before / after for before, after in pairs])
