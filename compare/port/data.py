"""The batches that both programs are trained on."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

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
        with np.load(path, allow_pickle=False) as stored:
            given = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError) as error:
        raise UsageError(f"--data {path} cannot be read: {error}") from error
    missing = [name for name in ("inputs", "targets") if name not in given]
    if missing:
        raise UsageError(f"--data {path} has no array {missing[0]!r}: it needs inputs and targets")
    return [Batch(inputs=given["inputs"], targets=given["targets"], lengths=given.get("lengths"))]


def check(batches: Sequence[Batch], source: str) -> None:
    """Raise if batches are not arrays of as many rows.

    Raises: UsageError.
    """
    if not batches:
        raise UsageError(f"{source} has no batch")
    for batch in batches:
        for name, value in (("inputs", batch.inputs), ("targets", batch.targets), ("lengths", batch.lengths)):
            if value is None:
                continue
            if value.dtype.kind not in "biuf":
                raise UsageError(f"{source}: {name} are {value.dtype}: they must be numbers")
            if value.ndim == 0 or len(value) != len(batch.inputs):
                raise UsageError(
                    f"{source}: {name} are {value.shape}, inputs {batch.inputs.shape}: give one row each"
                )
            if value.dtype.kind == "f" and not np.isfinite(value).all() and name == "inputs":
                raise UsageError(f"{source}: inputs are not all finite")


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
