"""What an adapter says of itself: read from its source, and compared with every spec that it is given."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from adapters.dtypes import Dtype
from adapters.optimizers import OPTIMIZERS, OptimizerName, Sgd
from adapters.requirements import require
from adapters.schedules import SCHEDULES, ScheduleName
from adapters.specs import Cell, Device, ModelSpec, Reset, TrainSpec, UnsupportedSpec

Feature = Literal["layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"]
"""What an adapter can do or not, beside what it has a choice of: the names are those of the specs' fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What an adapter says of itself; written with literals, as it is read from the source before any import.

    `distribution` is the package that pip installs the framework from. `computes` says in one line how the
    adapter computes, for reports. `variables` stand in the environment of a worker before anything is
    imported; `{threads}` in them becomes the number of threads that it may use.

    What is not among `devices`, `cells`, `resets` (of the GRU), `optimizers`, `schedules`, `features` and
    `dtypes` is refused before the adapter sees it, and shown as unsupported, with the reason that stands in
    `unsupported` under the spec's field, if one does; the defaults never grow. A check of the conformance
    suite, or a task, in `expected_failures` may fail, for the reason given, and must. `kernels` has, by cell,
    a regular expression for what must be among the kernels that run where a CPU trains it in float32.

    Raises: ValueError for a value outside its domain.
    """

    distribution: str = ""
    computes: str = ""
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    devices: tuple[Device, ...] = ("cpu",)
    cells: tuple[Cell, ...] = ("elman", "lstm")
    resets: tuple[Reset, ...] = ()
    optimizers: tuple[OptimizerName, ...] = ("sgd", "adam")
    schedules: tuple[ScheduleName, ...] = ()
    features: tuple[Feature, ...] = ("clip_value",)
    dtypes: tuple[Dtype, ...] = ("float32", "float64")
    unsupported: Mapping[str, str] = dataclasses.field(default_factory=dict)
    expected_failures: Mapping[str, str] = dataclasses.field(default_factory=dict)
    kernels: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_line("distribution", self.distribution)
        _require_line("computes", self.computes)
        _require_texts("variables", self.variables, "name to value")
        _require_names("devices", self.devices, Device)
        _require_names("cells", self.cells, Cell)
        _require_names("resets", self.resets, Reset, least=int("gru" in self.cells))
        _require_names("optimizers", self.optimizers, OptimizerName)
        _require_names("schedules", self.schedules, ScheduleName, least=0)
        _require_names("features", self.features, Feature, least=0)
        _require_names("dtypes", self.dtypes, Dtype)
        _require_texts("unsupported", self.unsupported, "field of the specs to reason")
        _require_texts("expected_failures", self.expected_failures, "name of a check or task to reason")
        _require_texts("kernels", self.kernels, "cell to regular expression")
        _require_names("kernels", tuple(self.kernels), Cell, least=0)
        _require_expressions("kernels", self.kernels)

    def check_supported(self, model: ModelSpec, train: TrainSpec) -> None:
        """Raise unless everything that the specs ask for is declared.

        Raises: UnsupportedSpec that names the field and its value.
        """
        rule = train.optimizer
        self._require_declared("cell", model.cell, self.cells)
        if model.cell == "gru":
            self._require_declared("reset", model.reset, self.resets)
        self._require_feature("layers", model.layers, model.layers > 1)
        self._require_feature("bidirectional", model.bidirectional, model.bidirectional)
        self._require_declared("optimizer", OPTIMIZERS.get(type(rule), rule), self.optimizers)
        if type(rule) is Sgd:
            self._require_feature("momentum", rule.momentum, rule.momentum > 0)
            self._require_feature("nesterov", rule.nesterov, rule.nesterov)
        if type(rule.learning_rate) in SCHEDULES:
            self._require_declared("learning_rate", SCHEDULES[type(rule.learning_rate)], self.schedules)
        self._require_feature("clip_value", train.clip_value, train.clip_value is not None)
        self._require_feature("clip_norm", train.clip_norm, train.clip_norm is not None)
        self._require_declared("dtype", train.dtype, self.dtypes)

    def check_device(self, device: str) -> None:
        """Raise unless the device is declared.

        Raises: UnsupportedSpec that names it.
        """
        self._require_declared("device", device, self.devices)

    def check_lengths(self, lengths: object) -> None:
        """Raise unless there are no lengths, or sequences of unlike length are declared.

        Raises: UnsupportedSpec.
        """
        if lengths is not None and "lengths" not in self.features:
            raise UnsupportedSpec(
                f"lengths are given: this adapter does not declare lengths{self._reason('lengths')}"
            )

    def _require_declared(self, field: str, value: object, declared: Sequence[str]) -> None:
        if value not in declared:
            limit = f"only {', '.join(declared)}" if declared else "none"
            raise UnsupportedSpec(f"{field} is {value!r}: this adapter declares {limit}{self._reason(field)}")

    def _require_feature(self, field: Feature, value: object, needed: bool) -> None:
        if needed and field not in self.features:
            raise UnsupportedSpec(
                f"{field} is {value!r}: this adapter does not declare {field}{self._reason(field)}"
            )

    def _reason(self, field: str) -> str:
        return f" ({self.unsupported[field]})" if field in self.unsupported else ""


def _require_line(field: str, value: object) -> None:
    line = isinstance(value, str) and "\n" not in value
    require(line, f"{field} is {value!r}: it must be one line of text")


def _require_names(field: str, value: object, choices: Any, least: int = 1) -> None:
    names = get_args(choices)
    named = isinstance(value, tuple) and len(value) >= least and all(name in names for name in value)
    require(named, f"{field} is {value!r}: it must be a tuple of {' or '.join(map(repr, names))}")


def _require_texts(field: str, value: object, meaning: str) -> None:
    texts = isinstance(value, Mapping) and all(
        isinstance(text, str) and text.strip() for pair in value.items() for text in pair
    )
    require(texts, f"{field} is {value!r}: it must be a dict, {meaning}")


def _require_expressions(field: str, values: Mapping[str, str]) -> None:
    for value in values.values():
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"{field} has {value!r}: no regular expression: {error}") from None
