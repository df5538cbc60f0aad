"""What a tutorial's recipe is: a task with its own settings, and what its program prints and plots."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from adapters.interface import Array
from tasks.interface import Dataset, Forecast, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """One line that a program prints while it trains: figures by name, and at which epoch or step."""

    at: int
    values: dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeOutcome:
    """What came of one start: the lines printed, its metrics, and its plot."""

    printed: list[Printed]
    metrics: dict[str, float]
    forecast: Forecast | None = None


class Model(Protocol):
    """A model in training; the methods are those of `adapters.interface.Adapter`."""

    def train(self, batches: Array) -> Array: ...

    def predict(self, inputs: Array, lengths: Array | None = None) -> Array: ...


class Recipe(ABC):
    """A program of a tutorial, or a variant to hold against it.

    `program` is shared by the recipes that are shown together, `start` says in words where the initial
    values come from, `step` what `Printed.at` counts.
    """

    name: ClassVar[str]
    program: ClassVar[Literal["online sine", "from-scratch sine", "row-wise MNIST"]]
    label: ClassVar[str]
    source: ClassVar[str]
    start: ClassVar[str]
    step: ClassVar[Literal["epoch", "step"]]
    length: ClassVar[str]
    task: ClassVar[Task]

    @abstractmethod
    def run(self, model: Model, dataset: Dataset, seed: int) -> RecipeOutcome:
        """Train a model, from its start to the recipe's end."""

    def zero(self, dataset: Dataset) -> dict[str, float]:
        """What the metrics come to where the model predicts zero always; empty where that means nothing."""
        return {}
