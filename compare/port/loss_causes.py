"""Why losses differ: one loss function, given changed outputs until it says what the other says."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError
from compare.port.outputs import within_lengths
from compare.port.records.causes import cause
from compare.port.records.differences import FIT_BANDS, close
from compare.port.records.result import Cause
from compare.port.search.losses import (
    LOSS_CHANGES,
    Loss,
    LossChange,
    of_valid_steps,
    smoothed,
    smoothing_between,
)
from compare.port.side import PortFailed, Side

if TYPE_CHECKING:
    from compare.port.observation import Observed

Given = list[tuple[Array, Array]]


def causes_at_loss(observed: "Observed") -> list[Cause] | None:
    """What makes one loss the other; empty where they are one function, None if nothing explains it."""
    a, b = (
        _loss(side, trace.outputs) for side, trace in zip(observed.opened.sides, observed.traces, strict=True)
    )
    given = list(_given(observed))
    band = FIT_BANDS[observed.opened.dtype]
    if all(_close(a(*each), b(*each), band) for each in given):
        return _beyond_lengths(observed)
    changes = [*LOSS_CHANGES, *_of_lengths(observed.batch.lengths)]
    for one, other, side in ((a, b, "B"), (b, a, "A")):
        found = _explained(one, other, side, given, band, changes)
        if found is not None:
            return found
    return None


def _beyond_lengths(observed: "Observed") -> list[Cause]:
    """What makes one loss of unlike outputs that are alike within the sequences' lengths."""
    first, second = observed.traces
    within = within_lengths(first, second, observed.batch.lengths)
    alike = close(*within, FIT_BANDS[observed.opened.dtype])
    if not alike or close(first.outputs, second.outputs, FIT_BANDS[observed.opened.dtype]):
        return []
    return [cause("padding", "outputs differ beyond a sequence's length, and both losses count them there")]


def _loss(side: Side, like: Array) -> Loss:
    def loss(outputs: Array, targets: Array) -> float:
        shape = (*outputs.shape[: like.ndim], *like.shape[outputs.ndim :])
        try:
            return side.loss_of(
                np.reshape(outputs, shape)
                if len(shape) == like.ndim and np.prod(shape) == outputs.size
                else outputs,
                targets,
            )
        except (PortFailed, UsageError):
            return float("nan")

    return loss


def _given(observed: "Observed") -> Iterator[tuple[Array, Array]]:
    """Outputs and targets to try losses on: what the second program says, and the same moved at random."""
    targets = observed.batch.targets
    generator = np.random.default_rng(3)
    outputs = observed.traces[1].outputs
    yield outputs, targets
    for trace in observed.moved_traces[::-1]:
        yield trace.outputs, targets
    for _ in range(2):
        yield outputs + generator.normal(size=outputs.shape), targets


def _close(one: float, other: float, band: float) -> bool:
    return abs(one - other) <= band * max(abs(one), abs(other))


def _of_lengths(lengths: Array | None) -> list[LossChange]:
    if lengths is None:
        return []
    words = "steps beyond a sequence's length have no loss"
    return [
        LossChange(slug="padding", words=words, make=partial(of_valid_steps, lengths, divide))
        for divide in (True, False)
    ]


def _explained(
    one: Loss, other: Loss, side: str, given: Given, band: float, changes: Sequence[LossChange]
) -> list[Cause] | None:
    """The changes of `one` that make it `other`, which is of the side named."""
    for slug, sentence, changed in _changes(one, other, given, changes):
        ratio = _constant_ratio(changed, other, given, band)
        if ratio is None:
            continue
        found = [cause(slug, f"in {side}, {sentence}")] if slug else []
        if _close(ratio, 1.0, band):
            return found
        reduction = _reduction(changed, other, given, ratio, band)
        if reduction is not None:
            return [*found, cause(reduction[0], f"{side}'s loss is {reduction[1]}")]
    return _penalty(one, other, side, given, band)


def _changes(
    one: Loss, other: Loss, given: Given, changes: Sequence[LossChange]
) -> Iterator[tuple[str | None, str, Loss]]:
    """The loss as it is, with each typical mistake, and smoothed as much as the other seems to be."""
    yield None, "", one
    for change in changes:
        yield change.slug, change.words, change.make(one)
    amount = smoothing_between(one, other, given)
    if amount is not None:
        yield "label-smoothing", f"labels are smoothed by {amount:.4g}", smoothed(amount, one)


def _constant_ratio(one: Loss, other: Loss, given: Given, band: float) -> float | None:
    """other/one where that is the same for all outputs."""
    ratio: float | None = None
    for each in given:
        base, found = one(*each), other(*each)
        if not np.isfinite(base) or not np.isfinite(found) or not base:
            return None
        if ratio is None:
            ratio = found / base
        elif not _close(ratio, found / base, band):
            return None
    return ratio


def _reduction(one: Loss, other: Loss, given: Given, ratio: float, band: float) -> tuple[str, str] | None:
    """Which axes a constant ratio counts: found by leaving one row, or one step, out."""
    outputs, targets = given[-1]
    exponents = {}
    for axis, name in ((0, "rows"), (1, "time steps")):
        if axis == 1 and (outputs.ndim < 3 or targets.ndim < 2):
            continue
        fewer = [np.delete(each, 0, axis=axis) for each in (outputs, targets)]
        base, found = one(fewer[0], fewer[1]), other(fewer[0], fewer[1])
        size = outputs.shape[axis]
        if size < 2 or not base or not np.isfinite(found / base):
            continue
        exponents[name, size] = round(float(np.log(ratio / (found / base)) / np.log(size / (size - 1))))
    rest = ratio
    for (_, size), exponent in exponents.items():
        rest /= float(size) ** exponent
    counts = {"outputs": outputs.shape[-1], "2": 2}
    for powers in product((0, 1, -1), repeat=len(counts)):
        value = float(
            np.prod([float(size) ** power for size, power in zip(counts.values(), powers, strict=True)])
        )
        if _close(rest, value, band):
            said = [f"{name} ({size})" for (name, size), exponent in exponents.items() if exponent]
            said += [name for name, power in zip(counts, powers, strict=True) if power and name != "2"]
            over_time = [name for name, exponent in exponents.items() if exponent]
            slug = (
                "loss-over-time"
                if [name for name, _ in over_time] == ["time steps"] and not any(powers)
                else "loss-reduction"
            )
            words = f"{ratio:.4g} times the other's"
            return slug, words + (
                f": one is summed over {', '.join(said)}, the other averaged" if said else ""
            )
    return None


def _penalty(one: Loss, other: Loss, side: str, given: Given, band: float) -> list[Cause] | None:
    """A constant on top, whatever the outputs: a penalty of the weights."""
    apart = [other(*each) - one(*each) for each in given]
    if all(np.isfinite(apart)) and np.ptp(apart[:1] + apart[3:]) <= band * abs(apart[0]) and apart[0] > 0:
        return [
            cause(
                "weight-decay",
                f"{side}'s loss has a penalty of {apart[0]:.4g} on the weights (a regularizer)",
            )
        ]
    return None
