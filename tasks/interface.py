"""What a task is: data, model, training and metrics, written once, for every framework."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from adapters.interface import Array, ModelSpec, TrainSpec
from adapters.parameters import Float64, Initializer, draw

Preset = Literal["quick", "standard", "full"]
DataChoice = Literal["auto", "mnist", "digits"]


class Predict(Protocol):
    """A model's predictions, as `adapters.interface.Adapter.predict` makes them."""

    def __call__(self, inputs: Array, lengths: Array | None = None) -> Array: ...


class DataUnavailable(Exception):  # noqa: N818 - reads as the fact that it states
    """The data that were asked for cannot be had; the message says which, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReference:
    """What a task is found by: its name, or the path of a job's file, and what is changed of it.

    Of a job, `text` is what its file said when the run began, `checksum` what its data were then; where they
    are None, they are read anew.
    """

    name: str
    changes: tuple[str, ...] = ()
    text: str | None = None
    checksum: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequest:
    """Which data the user wants, and where archives lie that spare a download."""

    choice: DataChoice = "auto"
    mnist_archives: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Training and held-out sequences, and the name by which every figure and table calls them.

    `stands_in_for` names the data that these were taken instead of: a report then warns that its figures
    say nothing about those. Sequences of unlike length are padded on the right, and have `lengths`.
    Where the sequences are views of a table that is far smaller than all of them, no more than
    `sequences_at_once` are copied out of it and loaded at a time.

    Shapes: inputs (N, T, D); targets and lengths as `adapters.validation.check_data` has them.
    """

    name: str
    inputs: Array
    targets: Array
    held_out_inputs: Array
    held_out_targets: Array
    lengths: Array | None = None
    held_out_lengths: Array | None = None
    stands_in_for: str | None = None
    sequences_at_once: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A figure of merit, and the value that counts as reached, if there is one.

    `naive` is what an answer comes to that needs no learning, for comparison; the task's summary says which.
    """

    name: str
    better: Literal["lower", "higher"]
    unit: str
    target: float | None = None
    naive: float | None = None

    def reached(self, value: float) -> bool:
        if self.target is None:
            return False
        return value <= self.target if self.better == "lower" else value >= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Predicted against actual values, for a figure; `kind` says what sort of forecast it is.

    Units: x of `dates` is in seconds since 1970, UTC.
    Raises: ValueError where there is not one of each for every x.
    """

    x_label: str
    y_label: str
    x: tuple[float, ...]
    actual: tuple[float, ...]
    predicted: tuple[float, ...]
    kind: str = "forecast"
    dates: bool = False

    def __post_init__(self) -> None:
        sizes = (len(self.x), len(self.actual), len(self.predicted))
        if len(set(sizes)) > 1:
            raise ValueError("a forecast has {} x, {} actual and {} predicted values".format(*sizes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """How often each true class (row) was taken for each class (column), for a figure.

    Raises: ValueError where there is not one of each for every label.
    """

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        sizes = {len(self.counts), *map(len, self.counts)}
        if sizes != {len(self.labels)}:
            raise ValueError(f"a confusion of {len(self.labels)} labels has rows of other lengths")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Metrics of a model as it stands, and the picture that shows them."""

    metrics: dict[str, float]
    picture: Forecast | Confusion


class Task(ABC):
    """One thing to learn.

    `summary` says in one sentence what is learned, `source` where it comes from. The first of
    `metrics` is the one that time-to-target goes by. The command `all` takes the task in the presets of
    `presets_of_all`; by its name it runs in any.

    Units: `timeout_seconds` for any one thing that a worker does, an epoch in the slowest way included.
    """

    name: str
    summary: str
    source: str
    model: ModelSpec
    train: TrainSpec
    batch_size: int
    metrics: tuple[Metric, ...]
    initializers: ClassVar[Mapping[str, Initializer]]
    timeout_seconds: float = 300.0
    presets_of_all: ClassVar[tuple[Preset, ...]] = ("quick", "standard", "full")

    def prepare(self, request: DataRequest) -> str:
        """Make the data ready to be read by any process; return the key that `dataset` takes.

        Raises: DataUnavailable.
        """
        return "computed"

    @abstractmethod
    def dataset(self, key: str) -> Dataset:
        """The data that `prepare` made ready."""

    @abstractmethod
    def epochs(self, preset: Preset, key: str) -> int:
        """How many times a preset goes through the data."""

    @abstractmethod
    def seeds(self, preset: Preset) -> int:
        """How many starts a preset tries."""

    @abstractmethod
    def evaluate(self, predict: Predict, dataset: Dataset) -> Evaluation:
        """Metrics and a picture of a model, from its predictions alone."""

    def initial_parameters(self, seed: int) -> dict[str, Float64]:
        """The start that every adapter gets under one seed."""
        return draw(self.model, seed, self.initializers)

    def batches(self, sequences: int, seed: int, epoch: int) -> Array:
        """One epoch's order: a shuffle without replacement, whole batches only.

        Shapes: (S, B) with S = N // B.
        """
        generator = Generator(PCG64(SeedSequence(seed, spawn_key=(epoch,))))
        steps = sequences // self.batch_size
        order = generator.permutation(sequences)[: steps * self.batch_size]
        return order.reshape(steps, self.batch_size).astype(np.int64)
