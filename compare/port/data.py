"""The batches that both programs are trained on."""

import zlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.random import PCG64, Generator

from adapters.interface import Array
from compare.errors import UsageError
from compare.port.records.interface import Batch, Expected, Trace
from compare.port.side import PortFailed, Side

ROWS, STEPS = 8, 12


def from_file(path: Path) -> list[Batch]:
    """The one batch of an NPZ file with `inputs`, `targets` and optionally `lengths`.

    Raises: UsageError.
    """
    try:
        stored = np.load(path, allow_pickle=False)
        if isinstance(stored, np.ndarray):
            raise UsageError(f"--data {path} is one array: store inputs and targets with numpy.savez")
        with stored:
            given = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise UsageError(f"--data {path} cannot be read: {_said(error)}") from error
    missing = [name for name in ("inputs", "targets") if name not in given]
    if missing:
        raise UsageError(f"--data {path} has no array {missing[0]!r}: it needs inputs and targets")
    return [Batch(inputs=given["inputs"], targets=given["targets"], lengths=given.get("lengths"))]


def _said(error: Exception) -> str:
    if "allow_pickle" in str(error):
        return "it is no NPZ, or holds Python objects, which are never loaded: store arrays of numbers"
    return str(error).splitlines()[0] if str(error) else type(error).__name__


def check(batches: Sequence[Batch], source: str) -> None:
    """Raise if batches are not arrays of as many rows.

    Raises: UsageError.
    """
    if not batches:
        raise UsageError(f"{source} has no batch")
    for batch in batches:
        given = {"inputs": batch.inputs, "targets": batch.targets}
        if batch.lengths is not None:
            given["lengths"] = batch.lengths
        for name, value in given.items():
            _check_array(f"{source}: {name}", value, batch.inputs)
        if not len(batch.inputs):
            raise UsageError(f"{source}: a batch has no row")
        if batch.inputs.dtype.kind == "f" and not np.isfinite(batch.inputs).all():
            raise UsageError(f"{source}: inputs are not all finite")
        if batch.lengths is not None and not _are_lengths(batch.lengths, batch.inputs):
            steps = batch.inputs.shape[1] if batch.inputs.ndim > 1 else 0
            raise UsageError(f"{source}: lengths must be whole numbers from 1 to {steps}, one a row")


def _check_array(name: str, value: Array, inputs: Array) -> None:
    if value.dtype.kind not in "biuf":
        raise UsageError(f"{name} are {value.dtype}: they must be numbers")
    if value.ndim == 0 or len(value) != len(inputs):
        raise UsageError(f"{name} are {value.shape}, inputs {inputs.shape}: give one row each")


def _are_lengths(value: Array, inputs: Array) -> bool:
    whole = value.ndim == 1 and value.dtype.kind in "iu" and inputs.ndim > 1
    return whole and bool((value >= 1).all() and (value <= inputs.shape[1]).all())


def drawn_inputs(sides: Sequence[Side]) -> Batch:
    """Inputs of the shape that the programs seem to take; targets are still missing.

    Raises: UsageError where that cannot be told.
    """
    expected = [each for each in (side.expected() for side in sides) if each is not None]
    if not expected:
        raise UsageError(
            f"{sides[0]}: what inputs it takes cannot be told: define data(), or give --data FILE"
        )
    kinds = {(each.kind, each.size) for each in expected}
    if len(kinds) > 1:
        shown = " and ".join(f"{each.size} {each.kind}" for each in expected)
        raise UsageError(f"A and B take other inputs, {shown}: give both the same shape")
    steps = next((each.time_steps for each in expected if each.time_steps), STEPS)
    generator = Generator(PCG64(0))
    return Batch(inputs=_inputs(expected[0], steps, generator), targets=np.zeros(ROWS))


def _inputs(expected: Expected, steps: int, generator: Generator) -> Array:
    if expected.kind == "tokens":
        return generator.integers(1, max(2, expected.size), (ROWS, steps))
    return generator.normal(size=(ROWS, steps, expected.size))


def drawn_targets(sides: Sequence[Side], traces: Sequence[Trace]) -> Array:
    """Targets that both losses take.

    Raises: UsageError where none of the usual kinds is taken by both.
    """
    outputs = traces[0].outputs
    generator = Generator(PCG64(1))
    kinds = {
        "classes": generator.integers(0, outputs.shape[-1], outputs.shape[:-1]),
        "one-hot": np.eye(outputs.shape[-1])[generator.integers(0, outputs.shape[-1], outputs.shape[:-1])],
        "numbers": generator.integers(0, 2, outputs.shape).astype(np.float64),
    }
    wanted = [each for each in (side.targets_wanted() for side in sides) if each is not None]
    order = ["one-hot"] if "one-hot" in wanted else []
    for name in dict.fromkeys([*order, *wanted, "numbers", "classes"]):
        if all(_takes(side, trace.outputs, kinds[name]) for side, trace in zip(sides, traces, strict=True)):
            return kinds[name]
    raise UsageError(
        "A and B: no targets were found that both losses take: define data(), or give --data FILE"
    )


def _takes(side: Side, outputs: Array, targets: Array) -> bool:
    try:
        return bool(np.isfinite(side.loss_of(outputs, targets)))
    except (PortFailed, UsageError):
        return False


def same_rows_in_another_order(first: Sequence[Batch], second: Sequence[Batch]) -> bool:
    """Whether two programs were written for the same rows, or batches, in another order."""
    rows = [
        [
            (i.tobytes(), t.tobytes())
            for batch in islice(batches, len(first))
            for i, t in zip(batch.inputs, batch.targets, strict=True)
        ]
        for batches in (first, second)
    ]
    return rows[0] != rows[1] and sorted(rows[0]) == sorted(rows[1])
