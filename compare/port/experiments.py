"""Mistakes made in a user's own program: other inputs, other weights; and what zero gradients say."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError
from compare.port.output_causes import causes_in_one_layer
from compare.port.records.causes import cause
from compare.port.records.differences import FIT_BANDS, close
from compare.port.records.interface import Batch, Trace
from compare.port.records.result import Cause
from compare.port.side import PortFailed

if TYPE_CHECKING:
    from compare.port.observation import Observed

LETTERS = ("A", "B")
LOWER_PRECISIONS = {"float32": 2.0**-24, "bfloat16": 2.0**-9, "float16": 2.0**-11}
"""By dtype: half a unit in the last place of 1."""


def causes_by_experiment(observed: "Observed") -> list[Cause] | None:
    """What reproduces the outputs: changed inputs, a lower precision, a mistake in one layer."""
    for search in (
        _other_rows,
        _other_inputs,
        _lower_precision,
        _rounded_to_float32,
        causes_in_one_layer,
    ):
        found = search(observed)
        if found:
            return found
    return None


def _other_rows(observed: "Observed") -> list[Cause]:
    """Outputs that are the same rows in another order."""
    one, other = (trace.outputs for trace in observed.traces)
    if one.shape != other.shape or one.ndim < 2 or len(one) < 2:
        return []
    apart = np.abs(one.reshape(len(one), 1, -1) - other.reshape(1, len(other), -1)).max(axis=-1)
    nearest = apart.argmin(axis=0)
    same = apart[nearest, np.arange(len(other))] <= FIT_BANDS[observed.opened.dtype] * max(
        float(np.abs(one).max()), 1e-300
    )
    if same.all() and sorted(nearest) == list(range(len(one))):
        shown = ", ".join(str(each) for each in nearest[:8])
        return [cause("data-order", f"B's rows are A's in another order: {shown}")]
    return []


def _other_inputs(observed: "Observed") -> list[Cause]:
    opened = observed.opened
    opened.begin()
    for place, side in enumerate(opened.sides):
        wanted = observed.traces[1 - place].outputs
        for slug, words, batch, back in _changed(observed.batch):
            try:
                outputs = back(side.trace(batch).outputs)
            except (PortFailed, UsageError, ValueError):
                continue
            if close(outputs, wanted, FIT_BANDS[opened.dtype]):
                return [cause(slug, f"{LETTERS[1 - place]} {words}")]
    return []


def _changed(batch: Batch) -> Iterator[tuple[str, str, Batch, "Back"]]:
    inputs = batch.inputs
    yield "data-order", "reads the rows in reverse", replace(batch, inputs=inputs[::-1]), lambda o: o
    for shift in (1, -1):
        yield (
            "data-order",
            "reads the rows shifted by one",
            replace(batch, inputs=np.roll(inputs, shift, 0)),
            lambda o: o,
        )
    if inputs.ndim >= 2:
        yield (
            "direction-order",
            "reads the steps in reverse",
            replace(batch, inputs=inputs[:, ::-1]),
            lambda o: o,
        )
        turned = replace(batch, inputs=inputs.swapaxes(0, 1), lengths=None)
        yield "batch-axis", "takes the first axis for time", turned, lambda o: o.swapaxes(0, 1)
    if inputs.ndim == 3:
        yield (
            "data-order",
            "reads the features in reverse",
            replace(batch, inputs=inputs[..., ::-1]),
            lambda o: o,
        )


def _lower_precision(observed: "Observed") -> list[Cause]:
    """A side whose values are all numbers of a lower precision, and as far off as that explains."""
    for place, trace in enumerate(observed.traces):
        other = observed.traces[1 - place]
        if trace.outputs.shape != other.outputs.shape:
            continue
        apart = float(np.abs(trace.outputs - other.outputs).max()) / max(
            float(np.abs(other.outputs).max()), 1e-300
        )
        for dtype, unit in LOWER_PRECISIONS.items():
            if dtype == observed.opened.dtype or apart > 100 * unit:
                continue
            where = _representable(trace, dtype)
            unlike = where is not None and _representable(other, dtype) != where
            if where and unlike:
                return [cause("dtype", f"{LETTERS[place]} computes in {dtype}: {where} has no more digits")]
    return []


def _rounded_to_float32(observed: "Observed") -> list[Cause]:
    """A side that rounds what it is given, and computes in float64 otherwise."""
    opened = observed.opened
    if opened.dtype != "float64":
        return []
    for place, side in enumerate(opened.sides):
        own = opened.values if place == 0 else opened.matching.handed_over(opened.values, opened.own)
        rounded = {name: value.astype(np.float32).astype(np.float64) for name, value in own.items()}
        inputs = observed.batch.inputs
        changed = (("weights", inputs, rounded), ("inputs", _in_float32(inputs), own))
        for words, given, values in (*changed, ("inputs and weights", _in_float32(inputs), rounded)):
            side.begin_with(values)
            outputs = side.trace(replace(observed.batch, inputs=given)).outputs
            if close(outputs, observed.traces[1 - place].outputs, FIT_BANDS[opened.dtype]):
                return [cause("dtype", f"{LETTERS[1 - place]} rounds {words} to float32")]
    return []


def _in_float32(value: Array) -> Array:
    return value.astype(np.float32).astype(np.float64) if value.dtype.kind == "f" else value


def _representable(trace: Trace, dtype: str) -> str | None:
    shown = {f"what goes into {name}": r.inputs for name, r in trace.modules.items()}
    shown |= {f"what comes out of {name}": r.outputs for name, r in trace.modules.items()}
    for name, value in {**shown, "the output": trace.outputs}.items():
        if value is not None and value.dtype.kind == "f" and value.size > 4 and _has_few_digits(value, dtype):
            return name
    return None


def _has_few_digits(value: Array, dtype: str) -> bool:
    if dtype == "bfloat16":
        single = value.astype(np.float32)
        return bool((single == value).all() and not (single.view(np.uint32) & 0xFFFF).any())
    with np.errstate(over="ignore"):
        return bool((value.astype(dtype).astype(value.dtype) == value).all()) and bool(value.any())


def causes_at_gradient(observed: "Observed") -> list[Cause]:
    """Gradients that are zero on one side only, all of them or a row."""
    matching = observed.opened.matching
    common = [matching.common_gradient(place == 0, each) for place, each in enumerate(observed.gradients)]
    found = []
    for name, one in common[0].items():
        other = common[1][name]
        for side, here, there in (("A", one, other), ("B", other, one)):
            if not here.any() and there.any():
                found.append(cause("frozen-parameter", f"in {side}, no gradient reaches {name}"))
            elif name.endswith(".table"):
                rows = [row for row in range(len(here)) if not here[row].any() and there[row].any()]
                if rows:
                    found.append(cause("padding", f"in {side}, no gradient reaches row {rows[0]} of {name}"))
    return found


if TYPE_CHECKING:
    from collections.abc import Callable

    Back = Callable[[Array], Array]
