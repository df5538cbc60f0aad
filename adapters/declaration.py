"""What an adapter says of itself: read from its source, and held against every spec that it is given."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from adapters.specs import (
    OPTIMIZERS,
    Cell,
    Device,
    Dtype,
    ModelSpec,
    OptimizerName,
    TrainSpec,
    UnsupportedSpec,
    require,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """What an adapter says of itself; written with literals, as it is read from the source before any import.

    `distribution` is the package that pip installs the framework from. `computes` says in one line how the
    adapter computes, for reports. `variables` stand in the environment of a worker before anything is
    imported; `{threads}` in them becomes the number of threads that it may use. What is not among `devices`,
    `cells`, `optimizers` and `dtypes` is refused before the adapter sees it, and shown as unsupported; the
    defaults never grow. A check of the conformance suite, or a task, in `expected_failures` may fail, for
    the reason given, and must.

    Raises: ValueError for a value outside its domain.
    """

    distribution: str = ""
    computes: str = ""
    variables: Mapping[str, str] = dataclasses.field(default_factory=dict)
    devices: tuple[Device, ...] = ("cpu",)
    cells: tuple[Cell, ...] = ("elman", "lstm")
    optimizers: tuple[OptimizerName, ...] = ("sgd", "adam")
    dtypes: tuple[Dtype, ...] = ("float32", "float64")
    expected_failures: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_line("distribution", self.distribution)
        _require_line("computes", self.computes)
        _require_texts("variables", self.variables, "name to value")
        _require_names("devices", self.devices, get_args(Device))
        _require_names("cells", self.cells, get_args(Cell))
        _require_names("optimizers", self.optimizers, get_args(OptimizerName))
        _require_names("dtypes", self.dtypes, get_args(Dtype))
        _require_texts("expected_failures", self.expected_failures, "name of a check or task to reason")

    def check_supported(self, model: ModelSpec, train: TrainSpec) -> None:
        """Raise unless everything that the specs ask for is declared.

        Raises: UnsupportedSpec that names the field and its value.
        """
        _require_declared("cell", model.cell, self.cells)
        _require_declared(
            "optimizer", OPTIMIZERS.get(type(train.optimizer), train.optimizer), self.optimizers
        )
        _require_declared("dtype", train.dtype, self.dtypes)

    def check_device(self, device: str) -> None:
        """Raise unless the device is declared.

        Raises: UnsupportedSpec that names it.
        """
        _require_declared("device", device, self.devices)


def _require_declared(field: str, value: object, declared: Sequence[str]) -> None:
    if value not in declared:
        raise UnsupportedSpec(f"{field} is {value!r}: this adapter declares only {', '.join(declared)}")


def _require_line(field: str, value: object) -> None:
    line = isinstance(value, str) and "\n" not in value
    require(line, f"{field} is {value!r}: it must be one line of text")


def _require_names(field: str, value: object, choices: tuple[str, ...]) -> None:
    named = isinstance(value, tuple) and len(value) > 0 and all(name in choices for name in value)
    require(named, f"{field} is {value!r}: it must be a tuple of {' or '.join(map(repr, choices))}")


def _require_texts(field: str, value: object, meaning: str) -> None:
    texts = isinstance(value, Mapping) and all(
        isinstance(text, str) and text.strip() for pair in value.items() for text in pair
    )
    require(texts, f"{field} is {value!r}: it must be a dict, {meaning}")
