"""What jobs have in common as tasks: everything follows from their file and their prepared data."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from adapters.interface import Adam, Array, Cell, ModelSpec, TrainSpec
from adapters.parameters import Float64, Initializer, draw
from compare.errors import UsageError, check_choice
from compare.jobs.changed_task import INITIALIZERS, MOST_SEQUENCES
from compare.jobs.datasets import read_dataset
from compare.jobs.prepared import ForecastManifest, Manifest
from compare.jobs.schema import JobFile
from compare.jobs.specs import model_spec, plain_train, train_spec, whole_number
from compare.limits import MOST_EPOCHS
from compare.text import counted
from tasks.interface import (
    DataRequest,
    Dataset,
    Metric,
    Predict,
    Preset,
    Task,
    TaskReference,
)

CELL, HIDDEN, LEARNING_RATE, BATCH_SIZE = "lstm", 32, 0.001, 64
EPOCHS: dict[Preset, int] = {"quick": 10, "standard": 20, "full": 40}
SEEDS: dict[Preset, int] = {"quick": 1, "standard": 3, "full": 3}
TIMEOUT_SECONDS = 1800.0
_CELLS: dict[Cell, str] = {"elman": "Elman network", "lstm": "LSTM", "gru": "GRU"}
PREDICTED = 1000
"""Sequences that are handed to `predict` at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedJob:
    """A job's file as it was read, and its data, which lie under a key."""

    path: Path
    name: str
    reference: TaskReference
    file: JobFile
    key: str
    manifest: Manifest

    @property
    def fixed(self) -> dict[str, object]:
        """The fields of the model that follow from the data."""
        every = "every" if self.manifest.every_step else "last"
        if isinstance(self.manifest, ForecastManifest):
            return {
                "inputs": self.manifest.inputs,
                "outputs": 1,
                "loss": "half_squared_error",
                "readout": every,
            }
        outputs = len(self.manifest.classes)
        return {
            "inputs": self.manifest.inputs,
            "outputs": outputs,
            "loss": "softmax_cross_entropy",
            "readout": every,
        }


class Job(Task):
    """A task whose data, model and training a file says; a subclass says what is learned and how well."""

    initializers: ClassVar[Mapping[str, Initializer]] = {}
    presets_of_all = ()
    timeout_seconds = TIMEOUT_SECONDS

    def __init__(self, opened: OpenedJob) -> None:
        where, file = str(opened.path), opened.file
        self.opened, self.reference, self.name = opened, opened.reference, opened.name
        self._dataset = read_dataset(opened.key)
        self.model = _model(where, opened)
        self.train = _train(where, file.train)
        _check_spans(where, self.train, self.model, self._dataset.inputs.shape[1])
        sequences = len(self._dataset.inputs)
        asked = whole_number(f"{where}: train", file.train, "batch_size", MOST_SEQUENCES)
        if asked is not None and asked > sequences:
            raise UsageError(
                f"{where}: train.batch_size is {asked}: there are {sequences:,} sequences to train on"
            )
        self.batch_size = asked or min(BATCH_SIZE, sequences)
        self._epochs = whole_number(f"{where}: train", file.train, "epochs", MOST_EPOCHS)
        self.summary = " ".join((self.sentence(), *opened.manifest.remarks))
        self.source = f"the job {opened.path.name}"
        self.metrics = self.judged_by()
        for name in file.targets:
            check_choice(f"metric under [targets] in {where}", name, [metric.name for metric in self.metrics])

    @property
    def network(self) -> str:
        """The model in a few words."""
        return f"{_CELLS[self.model.cell]} with {counted(self.model.hidden, 'hidden unit')}"

    @abstractmethod
    def sentence(self) -> str:
        """What is learned, and which answer is naive."""

    @abstractmethod
    def judged_by(self) -> tuple[Metric, ...]:
        """The metrics with their naive values."""

    def prepare(self, request: DataRequest) -> str:
        return self.opened.key

    def dataset(self, key: str) -> Dataset:
        return read_dataset(key)

    def epochs(self, preset: Preset, key: str) -> int:
        return self._epochs or EPOCHS[preset]

    def seeds(self, preset: Preset) -> int:
        return SEEDS[preset]

    def initial_parameters(self, seed: int) -> dict[str, Float64]:
        return draw(self.model, seed, INITIALIZERS[self.model.cell])


def predictions(
    predict: Predict, inputs: Array, lengths: Array | None, places: Array
) -> Iterator[tuple[Array, Array]]:
    """Places and what is predicted for them, some at a time."""
    for first in range(0, len(places), PREDICTED):
        chosen = places[first : first + PREDICTED]
        yield chosen, predict(inputs[chosen], None if lengths is None else lengths[chosen])


def _model(where: str, opened: OpenedJob) -> ModelSpec:
    given = opened.file.model
    fixed = opened.fixed
    for key, value in fixed.items():
        if key in given and given[key] != value:
            raise UsageError(
                f"{where}: model.{key} is {given[key]!r}: with these data it is {value!r}, leave it out"
            )
    return model_spec(f"{where}: model", {"cell": CELL, "hidden": HIDDEN, **given, **fixed})


def _train(where: str, given: Mapping[str, object]) -> TrainSpec:
    default = plain_train(TrainSpec(optimizer=Adam(learning_rate=LEARNING_RATE)))
    return train_spec(f"{where}: train", {**default, **given})


def _check_spans(where: str, train: TrainSpec, model: ModelSpec, time_steps: int) -> None:
    try:
        train.spans(model, time_steps)
    except ValueError as error:
        raise UsageError(f"{where}: train: {error}") from error
