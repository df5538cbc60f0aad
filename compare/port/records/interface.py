"""What every program can be asked, whatever framework it is written in."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from adapters.interface import Array
from compare.port.records.rules import Rule

Setting = bool | int | float | str | None


class CannotBeCompared(Exception):  # noqa: N818 - reads as the fact that it states
    """A program cannot be asked what it must be asked; one line says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer, or one direction of one layer of a stack, its parameters in canonical layout.

    `module` names the module whose outputs are recorded, and `columns` those of its last axis that are this
    layer's; None where they cannot be told apart. `frozen` are the parts that training leaves as they are.

    Shapes: as DESIGN has them for recurrent layers; a dense kernel (in, out), an embedding's table (V, E).
    """

    name: str
    kind: str
    parts: Mapping[str, tuple[int, ...]]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    frozen: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ()
    module: str | None = None
    columns: tuple[int, int] | None = None

    def key(self, part: str) -> str:
        """The name of one of its parameters among all of the program."""
        return f"{self.name}.{part}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a program is before anything runs.

    `randomness` has the rates of dropout and the like in the order of the layers; `notes` are sentences on
    what could not be told, or was changed so that the comparison can be made.
    """

    framework: str
    dtype: str
    layers: tuple[Layer, ...]
    rule: Rule | None
    optimizer: str
    training: bool = True
    randomness: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What went into a module and came out of it, and which steps count, where only some do.

    Shapes: (B, T, …) for a sequence, (B, …) for one step; the mask (B, T).
    """

    inputs: Array | None
    outputs: Array
    mask: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a program made of a batch: its outputs, and what was recorded, in the order of the first calls."""

    outputs: Array
    modules: Mapping[str, Recorded]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch as it is handed to a program."""

    inputs: Array
    targets: Array
    lengths: Array | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What inputs a program seems to take: `features` of numbers, or `tokens` below a size."""

    kind: str
    size: int
    time_steps: int | None = None


class Program(ABC):
    """A model, its loss and its update rule, trained on batches that it is handed.

    Parameters and gradients come and go under `Layer.key`, in canonical layout.
    """

    framework: ClassVar[str]

    @abstractmethod
    def prepare(self, dtype: str) -> None:
        """Compute in this dtype from now on, randomness switched off.

        Raises: CannotBeCompared.
        """

    def meet(self, inputs: Array, lengths: Array | None) -> None:  # noqa: B027 - most need not
        """See the first batch before being described: what a model is may show only then."""

    @abstractmethod
    def describe(self) -> Description:
        """Layers, optimizer, and what else can be told before anything runs."""

    @abstractmethod
    def expected(self) -> Expected | None:
        """What inputs it seems to take; None where that cannot be told."""

    @abstractmethod
    def parameters(self) -> dict[str, Array]:
        """Copies of all parameters."""

    @abstractmethod
    def set_parameters(self, values: Mapping[str, Array]) -> None:
        """Take these values; parameters that are not named stay."""

    @abstractmethod
    def trace(self, inputs: Array, lengths: Array | None) -> Trace:
        """The outputs, and those of each module."""

    @abstractmethod
    def loss_of(self, outputs: Array, targets: Array) -> float:
        """The loss of any outputs."""

    @abstractmethod
    def differentiate(self, batch: Batch) -> tuple[float, dict[str, Array]]:
        """The loss and its gradient by every parameter, zero where none reaches it; nothing is changed."""

    @abstractmethod
    def step(self, batch: Batch) -> float:
        """One update; return the loss before it."""

    def reset(self) -> bool:
        """Forget all updates and states but the parameters; False where it takes opening the program anew."""
        return False

    def vary(self, slug: str) -> bool:
        """From now on train without what this mistake is; False where it makes none of that name."""
        return False

    def rate(self) -> float | None:
        """The learning rate of the next update, where that can be told."""
        return None

    def targets_wanted(self) -> str | None:
        """`classes`, `one-hot` or `numbers`, where that can be told."""
        return None


def as_array(value: object, dtype: str) -> Array:
    """Inputs or targets, real numbers in this dtype, whole numbers as int64."""
    array = np.asarray(value)
    if array.dtype.kind in "iub":
        return array.astype(np.int64)
    return array.astype(dtype)
