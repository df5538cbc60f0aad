"""Why losses differ: one loss function, given changed outputs until it says what the other says."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError
from compare.port.chain import softmax
from compare.port.records.mending import cause
from compare.port.records.result import Cause
from compare.port.side import PortFailed, Side

if TYPE_CHECKING:
    from compare.port.comparison import Observed

BAND = 1e-9
Loss = Callable[[Array, Array], float]
Given = list[tuple[Array, Array]]
SMOOTHING = "label-smoothing"


def causes_at_loss(observed: "Observed") -> list[Cause] | None:
    """What makes one loss the other; empty where they are one function, None if nothing explains it."""
    a, b = (
        _loss(side, trace.outputs) for side, trace in zip(observed.opened.sides, observed.traces, strict=True)
    )
    given = list(_given(observed))
    if _same(a, b, given):
        return []
    for one, other, side in ((a, b, "B"), (b, a, "A")):
        found = _explained(one, other, side, given)
        if found is not None:
            return found
    return None


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


def _same(one: Loss, other: Loss, given: Given) -> bool:
    return all(_close(one(*each), other(*each)) for each in given)


def _close(one: float, other: float) -> bool:
    return abs(one - other) <= BAND * max(abs(one), abs(other))


def _explained(one: Loss, other: Loss, side: str, given: Given) -> list[Cause] | None:
    """The changes of `one` that make it `other`, which is of the side named."""
    for slug, sentence, changed in _changes(one, other, given):
        ratio = _constant_ratio(changed, other, given)
        if ratio is None:
            continue
        found = [cause(slug, f"in {side}, {sentence}")] if slug else []
        if _close(ratio, 1.0):
            return found
        reduction = _reduction(changed, other, given, ratio)
        if reduction is not None:
            return [*found, cause(reduction[0], f"{side}'s loss is {reduction[1]}")]
    return _penalty(one, other, side, given)


def _changes(one: Loss, other: Loss, given: Given) -> Iterator[tuple[str | None, str, Loss]]:
    yield None, "", one
    yield "softmax-twice", "a softmax precedes a loss that has its own", lambda o, t: one(softmax(o), t)
    yield (
        "softmax-twice",
        "the loss takes logarithms of probabilities",
        lambda o, t: one(np.log(softmax(o)), t),
    )
    for amount in (0.1, 0.05, 0.2, 0.01, 0.02, 0.15, 0.25, 0.3, 0.5):
        yield SMOOTHING, f"labels are smoothed by {amount:g}", _smoothed(one, amount)
    yield "loss-broadcast", "every output is compared with every target: (N, 1) against (N)", _broadcast(one)
    yield "loss-over-time", "only the last time step has a loss", _last_step(one)
    for token in (0, -100, -1):
        yield "padding", f"targets of {token} have no loss", _without(one, token)
        yield "padding", f"targets of {token} have no loss", _without(one, token, divide=False)


def _smoothed(loss: Loss, amount: float) -> Loss:
    def smoothed(outputs: Array, targets: Array) -> float:
        classes = outputs.shape[-1]
        if targets.shape == outputs.shape:
            return loss(outputs, (1 - amount) * targets + amount / classes)
        everywhere = [loss(outputs, np.full_like(targets, each)) for each in range(classes)]
        return (1 - amount) * loss(outputs, targets) + amount * float(np.mean(everywhere))

    return smoothed


def _broadcast(loss: Loss) -> Loss:
    def broadcast(outputs: Array, targets: Array) -> float:
        if outputs.size != targets.size or outputs.size > 4096:
            return float("nan")
        flat, wanted = outputs.ravel(), targets.ravel()
        every = np.tile(flat, len(wanted)), np.repeat(wanted, len(flat))
        return loss(every[0][:, np.newaxis], every[1].reshape((-1, *[1] * (targets.ndim - 1))))

    return broadcast


def _last_step(loss: Loss) -> Loss:
    def last(outputs: Array, targets: Array) -> float:
        if outputs.ndim < 3 or targets.ndim < 2:
            return float("nan")
        return loss(outputs[:, -1:], targets[:, -1:])

    return last


def _without(loss: Loss, token: int, *, divide: bool = True) -> Loss:
    def without(outputs: Array, targets: Array) -> float:
        if targets.dtype.kind not in "iu" or outputs.ndim != targets.ndim + 1:
            return float("nan")
        kept = targets != token
        if kept.all() or not kept.any():
            return float("nan")
        chosen = outputs[kept], targets[kept]
        if targets.ndim == 2:
            chosen = chosen[0][np.newaxis], chosen[1][np.newaxis]
        found = loss(*chosen)
        return found if divide else found * kept.sum() / kept.size

    return without


def _constant_ratio(one: Loss, other: Loss, given: Given) -> float | None:
    """other/one where that is the same for all outputs."""
    ratio: float | None = None
    for each in given:
        base, found = one(*each), other(*each)
        if not np.isfinite(base) or not np.isfinite(found) or not base:
            return None
        if ratio is None:
            ratio = found / base
        elif not _close(ratio, found / base):
            return None
    return ratio


def _reduction(one: Loss, other: Loss, given: Given, ratio: float) -> tuple[str, str] | None:
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
        if _close(rest, value):
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


def _penalty(one: Loss, other: Loss, side: str, given: Given) -> list[Cause] | None:
    """A constant on top, whatever the outputs: a penalty of the weights."""
    apart = [other(*each) - one(*each) for each in given]
    if all(np.isfinite(apart)) and np.ptp(apart[:1] + apart[3:]) <= BAND * abs(apart[0]) and apart[0] > 0:
        return [
            cause(
                "weight-decay",
                f"{side}'s loss has a penalty of {apart[0]:.4g} on the weights (a regularizer)",
            )
        ]
    return None
