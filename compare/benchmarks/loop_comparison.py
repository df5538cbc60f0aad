"""Adapters against native loops on one task, in alternating turns of one run."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters import AdapterUnavailable, version
from adapters.interface import Adam, ModelSpec, TrainSpec
from adapters.parameters import draw, normal, shapes
from compare.analysis.statistics import Ratio, Spread, clustered_ratio, spread
from compare.benchmarks.interleaved import UpdateTimes, time_interleaved
from compare.benchmarks.timed_worker import Candidate, Workload

NATIVE_LOOPS: dict[str, dict[str, str]] = {
    "sine-online": {"tutorials' torch loop": "compare.benchmarks.torch_tutorial:OnlineTutorial"},
    "sine-window": {"tutorial's NumPy loop": "compare.benchmarks.numpy_loops:WindowTutorial"},
    "sine-lstm": {
        "torch.nn": "compare.benchmarks.torch_loops:NnForecast",
        "Keras fit": "compare.benchmarks.keras_loops:ForecastFit",
        "flax.nnx": "compare.benchmarks.flax_loops:Forecast",
    },
    "mnist-rows": {
        "torch.nn": "compare.benchmarks.torch_loops:NnLstm",
        "Keras fit": "compare.benchmarks.keras_loops:Fit",
        "flax.nnx": "compare.benchmarks.flax_loops:Lstm",
    },
    "adding": {
        "torch.nn": "compare.benchmarks.torch_loops:NnPackedGru",
        "Keras fit": "compare.benchmarks.keras_loops:MaskedGruFit",
        "flax.nnx": "compare.benchmarks.flax_loops:UnlikeLengths",
    },
    "life-expectancy": {
        "torch.nn": "compare.benchmarks.torch_loops:NnEveryStep",
        "Keras fit": "compare.benchmarks.keras_loops:EveryStepFit",
        "flax.nnx": "compare.benchmarks.flax_loops:EveryStep",
    },
    "mnist-rows-gru": {
        "torch.nn": "compare.benchmarks.torch_loops:NnGru",
        "Keras fit": "compare.benchmarks.keras_loops:GruFit",
        "flax.nnx": "compare.benchmarks.flax_loops:Gru",
    },
    "mnist-rows-stacked": {
        "torch.nn": "compare.benchmarks.torch_loops:NnStackedLstm",
        "Keras fit": "compare.benchmarks.keras_loops:StackedFit",
    },
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


def installed_loops(entry: str) -> dict[str, str]:
    """The loops of an entry of `NATIVE_LOOPS` whose frameworks are installed."""
    missing = unavailable_loops(entry)
    return {name: target for name, target in NATIVE_LOOPS[entry].items() if name not in missing}


def unavailable_loops(entry: str) -> dict[str, str]:
    """Why each of the other loops of an entry cannot run here."""
    reasons = {}
    for name, target in NATIVE_LOOPS[entry].items():
        try:
            version(target)
        except AdapterUnavailable as error:
            reasons[name] = str(error)
    return reasons


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
class Effort:
    """On what every candidate runs, in how many processes one after the other, and the rounds in each."""

    threads: int
    processes: int
    rounds: int
    device: str = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How long a candidate's updates took, and how many times as fast as each native loop it was.

    `departures` say what in its worker was not as it should be, and leaves its speed comparable.
    Units: `seconds_per_update`, over all rounds; `speedups` by the loop's name, paired by round, a process
    being the sample; `gpu_kernels` of an update.
    """

    name: str
    device: str
    seconds_per_update: Spread | None
    speedups: Mapping[str, Ratio]
    error: str | None = None
    departures: tuple[str, ...] = ()
    gpu_kernels: float | None = None


def compare_with_native_loops(
    task: str, workload: Workload, adapters: Sequence[str], effort: Effort, tick: Callable[[str], None]
) -> list[Comparison]:
    """The task's native loops and the adapters, each with its ratios to the native loops."""
    loops = installed_loops(task)
    named = {**loops, **{name: name for name in adapters}}
    candidates = [
        Candidate(name=name, adapter=target, threads=effort.threads, device=effort.device)
        for name, target in named.items()
    ]
    parts = [time_interleaved(workload, candidates, effort.rounds, tick) for _ in range(effort.processes)]
    by_name = {name: [part[name] for part in parts] for name in named}
    return [_comparison(name, by_name, loops) for name in named]


def _comparison(name: str, by_name: Mapping[str, Sequence[UpdateTimes]], loops: Iterable[str]) -> Comparison:
    own = by_name[name]
    return Comparison(
        name=name,
        device=own[0].device,
        seconds_per_update=spread([seconds for part in own for seconds in part.seconds_per_update]),
        speedups={loop: ratio for loop in loops if loop != name and (ratio := speedup(by_name[loop], own))},
        error=next((part.error for part in own if part.error), None),
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
