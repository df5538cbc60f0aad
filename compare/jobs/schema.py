"""What a job's file may say, beside the specs' own fields."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Names = str | tuple[str, ...]
Fill = Literal["previous", "drop"]


class Forecast(Struct, frozen=True, kw_only=True):
    """The value of `target` so many rows after the last of a window of `columns`.

    All columns but `time` are read where none are named; the first of them is the target.
    """

    columns: Names | None = None
    target: str | None = None
    window: Count = 24
    horizon: Count = 1


class Classify(Struct, frozen=True, kw_only=True):
    """A class of each sequence, or of each step.

    In an NPZ file names of arrays: `inputs` (N, T, D) or (N, T), `targets` (N,) or (N, T), `lengths` (N,).
    In a table, which has one row a step, names of columns: `inputs`, `sequence` and `label`.
    """

    inputs: Names | None = None
    targets: str | None = None
    lengths: str | None = None
    sequence: str | None = None
    label: str | None = None


class Idx(Struct, frozen=True, kw_only=True):
    """Images, read row by row, and their labels: files in the format of MNIST's archives."""

    inputs: str
    targets: str


class Data(Struct, frozen=True, kw_only=True):
    """Where the data lie and what is made of them; paths are relative to the job's file.

    `held_out` is a share of them or other files; `seed` is that of the draw by which sequences are held out.
    """

    file: str | None = None
    forecast: Forecast | None = None
    classify: Classify | None = None
    idx: Idx | None = None
    held_out: Share | str | Idx = 0.2
    seed: Annotated[int, Meta(ge=0)] = 0
    time: str | None = None
    season: Count | None = None
    fill: Fill | None = None
    standardise: bool | None = None
    unit: str | None = None
    separator: Annotated[str, Meta(min_length=1, max_length=1)] = ","


class JobFile(Struct, frozen=True, kw_only=True):
    """A job's file: `model` and `train` have the specs' fields, `targets` the value of a metric to reach."""

    data: Data
    model: dict[str, Any] = {}
    train: dict[str, Any] = {}
    targets: dict[str, float] = {}
