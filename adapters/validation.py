"""What an adapter is handed, checked once: `adapters.interface.Adapter` calls these, its authors do not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from adapters.parameters import shapes
from adapters.requirements import require
from adapters.specs import Array, Loss, ModelSpec, Readout, TrainSpec


@dataclass(slots=True)
class Checked:
    """What the base class keeps: the specs that it has checked, and how many sequences are loaded."""

    model: ModelSpec
    train: TrainSpec
    sequences: int = 0


def check_parameters(model: ModelSpec, parameters: Mapping[str, Array]) -> None:
    """Raise unless the parameters are exactly the model's.

    Raises: ValueError that names the first parameter that is missing, unknown or misshapen.
    """
    expected = shapes(model)
    for name in [*expected, *parameters]:
        require(name in parameters, f"parameter {name!r} is missing: expected {', '.join(expected)}")
        require(name in expected, f"parameter {name!r} is unknown: expected {', '.join(expected)}")
        _require_array(f"parameter {name!r}", parameters[name])
        require(
            parameters[name].shape == expected[name],
            f"parameter {name!r} has shape {parameters[name].shape}: expected {expected[name]}",
        )


def check_data(
    model: ModelSpec, train: TrainSpec, inputs: Array, targets: Array, lengths: Array | None = None
) -> None:
    """Raise unless the data fit the specs; beyond a sequence's length they may hold anything.

    Shapes: inputs (N, T, D); targets (N, K) or, with readout 'every', (N, T, K); for the
    cross-entropy (N,) or (N, T) whole numbers in [0, K); lengths (N,) whole numbers in [1, T].
    Raises: ValueError that names the shape or value.
    """
    _require_array("inputs", inputs)
    _require_array("targets", targets)
    require(
        inputs.ndim == 3 and inputs.shape[2] == model.inputs and inputs.size > 0,
        f"inputs have shape {inputs.shape}: expected (N, T, {model.inputs}), none of them 0",
    )
    if lengths is not None:
        check_lengths(lengths, *inputs.shape[:2])
    _CHECK_TARGETS[model.loss](model, targets, inputs.shape[: _AXES_READ[model.readout]], lengths)
    train.spans(model, inputs.shape[1])


def check_lengths(lengths: Array, sequences: int, time_steps: int) -> None:
    """Raise unless there is a length for every sequence, of a step at least and of all at most.

    Raises: ValueError that names the shape, type or length.
    """
    _require_array("lengths", lengths)
    require(np.issubdtype(lengths.dtype, np.integer), f"lengths are {lengths.dtype}: expected whole numbers")
    require(
        lengths.shape == (sequences,),
        f"lengths have shape {lengths.shape}: expected ({sequences},), one for each sequence",
    )
    wrong = np.flatnonzero((lengths < 1) | (lengths > time_steps))
    if len(wrong):
        raise ValueError(
            f"lengths[{wrong[0]}] is {lengths[wrong[0]]}: expected 1..{time_steps}, the steps of a sequence"
        )


def int64(lengths: Array | None) -> Array | None:
    """Lengths of any whole-number type as int64: differences of unsigned ones would wrap around."""
    return None if lengths is None else lengths.astype(np.int64)


def with_zero_padding(values: Array, lengths: Array | None) -> Array:
    """A copy in which all steps beyond a sequence's length are 0; without lengths, the values themselves.

    Shapes: values (N, T, …); lengths (N,).
    """
    if lengths is None:
        return values
    padded = values.copy()
    padded[np.arange(values.shape[1]) >= lengths[:, np.newaxis]] = 0
    return padded


def with_zeros_where_read(model: ModelSpec, values: Array, lengths: Array | None) -> Array:
    """As `with_zero_padding`, for targets or outputs: with readout 'last' none of them lies beyond.

    Shapes: values (N, T, …), or (N, …) with readout 'last'.
    """
    return with_zero_padding(values, lengths) if _AXES_READ[model.readout] == 2 else values


def check_batches(batches: Array, sequences: int) -> None:
    """Raise unless every index names one of the sequences loaded; 0 of them means that none were.

    Shapes: batches (S, B).
    Raises: ValueError that names the shape, type or index.
    """
    require(sequences > 0, "train needs sequences: call load first")
    require(
        isinstance(batches, np.ndarray) and batches.ndim == 2 and np.issubdtype(batches.dtype, np.integer),
        f"batches are {getattr(batches, 'dtype', type(batches).__name__)} {np.shape(batches)}: "
        "expected whole numbers (S, B)",
    )
    require(batches.shape[1] > 0, f"batches have shape {batches.shape}: expected at least one sequence each")
    if len(batches):
        least, most = int(batches.min()), int(batches.max())
        require(
            least >= 0 and most < sequences,
            f"batches name sequence {least if least < 0 else most}: expected 0..{sequences - 1}",
        )


def check_sequences(model: ModelSpec, inputs: Array, lengths: Array | None = None) -> None:
    """Raise unless sequences to predict have the model's shape, and a step at least.

    Shapes: inputs (N, T, D); lengths (N,) whole numbers in [1, T].
    Raises: ValueError that names the shape or value.
    """
    _require_array("inputs", inputs)
    require(
        inputs.ndim == 3 and inputs.shape[2] == model.inputs and inputs.shape[1] > 0,
        f"inputs have shape {inputs.shape}: expected (N, T, {model.inputs}) with T at least 1",
    )
    if lengths is not None:
        check_lengths(lengths, *inputs.shape[:2])


def _require_array(what: str, value: object) -> None:
    require(isinstance(value, np.ndarray), f"{what}: expected a NumPy array, got {type(value).__name__}")


def _check_values(model: ModelSpec, targets: Array, read: tuple[int, ...], lengths: Array | None) -> None:
    _require_target_shape(targets, (*read, model.outputs))


def _check_classes(model: ModelSpec, targets: Array, read: tuple[int, ...], lengths: Array | None) -> None:
    require(
        np.issubdtype(targets.dtype, np.integer),
        f"targets are {targets.dtype}: the cross-entropy needs whole numbers",
    )
    _require_target_shape(targets, read)
    valid = with_zeros_where_read(model, targets, lengths)
    wrong = np.argwhere((valid < 0) | (valid >= model.outputs))
    if len(wrong):
        place = ", ".join(map(str, wrong[0]))
        raise ValueError(
            f"targets hold {len(wrong):,} labels that do not lie in 0..{model.outputs - 1}, "
            f"the first is {valid[tuple(wrong[0])]} at [{place}]"
        )


def _require_target_shape(targets: Array, expected: tuple[int, ...]) -> None:
    require(targets.shape == expected, f"targets have shape {targets.shape}: expected {expected}")


_AXES_READ: dict[Readout, int] = {"last": 1, "every": 2}
"""How many of the axes (N, T) the outputs have."""

_CHECK_TARGETS: dict[Loss, Callable[[ModelSpec, Array, tuple[int, ...], Array | None], None]] = {
    "half_squared_error": _check_values,
    "softmax_cross_entropy": _check_classes,
}
