"""Which loops there are that people write without an adapter; imports no framework."""

from collections.abc import Mapping
from typing import Any

from adapters import AdapterUnavailable, version
from adapters.interface import Adam, ModelSpec, TrainSpec

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
        "flax.nnx": "compare.benchmarks.flax_loops:StackedLstm",
    },
}
"""Task, or variation of one -> name to show -> "module:Class"."""

LONG_TURNS: Mapping[str, int] = {"Keras fit": 8}
"""Loop -> so many times as long are its turns, where each call sets up what people pay for once an epoch."""

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
