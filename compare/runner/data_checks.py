"""A task's data, found fit to be trained on before anything runs; what is wrong, in which array, where."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from adapters.interface import Array, Dtype, ModelSpec, TrainSpec
from adapters.validation import check_data, with_zero_padding, with_zeros_where_read
from tasks.interface import Dataset


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Sequences to train on, or those held out; `prefix` is what the names of their arrays begin with."""

    prefix: str
    inputs: Array
    targets: Array
    lengths: Array | None


def check_dataset(model: ModelSpec, train: TrainSpec, dataset: Dataset) -> None:
    """Raise unless all data are numbers that a model of these specs can be trained on, and judged by.

    Steps beyond a sequence's length may hold anything.

    Raises: ValueError that names the array, what is wrong, how often, and the first place.
    """
    for part in _parts(dataset):
        for name, values in (("inputs", part.inputs), ("targets", part.targets)):
            _check_dtype(part.prefix + name, values)
        if len(part.inputs) == 0:
            raise ValueError(f"{part.prefix}inputs are empty: leave some sequences to train on, and some out")
        try:
            check_data(model, train, part.inputs, part.targets, part.lengths)
        except ValueError as error:
            raise ValueError(f"{part.prefix}{error}") from error
        if dataset.sequences_at_once is not None:
            continue  # windows of a table, which was refused as it was read if a value is not finite
        inputs = with_zero_padding(part.inputs, part.lengths)
        _check_finite(f"{part.prefix}inputs", inputs, RANGES[train.dtype])
        targets = with_zeros_where_read(model, part.targets, part.lengths)
        _check_finite(f"{part.prefix}targets", targets, train.kept_dtype)


def _parts(dataset: Dataset) -> Iterator[_Part]:
    yield _Part(prefix="", inputs=dataset.inputs, targets=dataset.targets, lengths=dataset.lengths)
    yield _Part(
        prefix="held_out_",
        inputs=dataset.held_out_inputs,
        targets=dataset.held_out_targets,
        lengths=dataset.held_out_lengths,
    )


def _check_dtype(name: str, values: Array) -> None:
    if isinstance(values, np.ndarray) and values.dtype.kind not in "biuf":
        raise ValueError(f"{name} are {values.dtype}: expected real numbers")


RANGES: Mapping[Dtype, str] = {
    "float32": "float32",
    "float64": "float64",
    "bfloat16": "float32",
    "float16": "float16",
}
"""By dtype one of NumPy's of the same range: it has no bfloat16."""

_FAULTS: tuple[tuple[str, Callable[[Array], Array]], ...] = (("NaN", np.isnan), ("infinite", np.isinf))


def _check_finite(name: str, values: Array, dtype: str) -> None:
    """Raise where a value is none, or becomes infinite in the dtype of the training."""
    if values.dtype.kind != "f":
        return
    with np.errstate(over="ignore"):
        kinds = {"": values, f" in {dtype}": values.astype(dtype)}
    for when, seen in kinds.items():
        wrong = ~np.isfinite(seen)
        if not wrong.any():
            continue
        counts = [(np.count_nonzero(fault(seen)), kind) for kind, fault in _FAULTS]
        found = " and ".join(f"{count:,} {kind}" for count, kind in counts if count)
        place = ", ".join(map(str, np.argwhere(wrong)[0]))
        raise ValueError(
            f"{name} hold values that are {found}{when}, of {values.size:,}, the first at [{place}]: "
            "fill them in, scale them, or leave their sequences out"
        )
