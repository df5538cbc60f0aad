"""Typical mistakes in a loss, each a change of a loss function, in one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from adapters.interface import Array
from compare.port.search.activations import softmax

Loss = Callable[[Array, Array], float]
"""Of outputs and targets."""

MOST_PAIRS = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LossChange:
    """A slug, what is done in words, and the loss function that it makes of another."""

    slug: str
    words: str
    make: Callable[[Loss], Loss]


def smoothed(amount: float, loss: Loss) -> Loss:
    """The loss of labels of which this much is spread over all classes."""

    def of_smooth_labels(outputs: Array, targets: Array) -> float:
        classes = outputs.shape[-1]
        if targets.shape == outputs.shape:
            return loss(outputs, (1 - amount) * targets + amount / classes)
        everywhere = [loss(outputs, np.full_like(targets, each)) for each in range(classes)]
        return (1 - amount) * loss(outputs, targets) + amount * float(np.mean(everywhere))

    return of_smooth_labels


def smoothing_between(one: Loss, other: Loss, given: Sequence[tuple[Array, Array]]) -> float | None:
    """By how much labels are smoothed where that makes one loss the other; None where none does."""
    outputs, targets = given[-1]
    whole = smoothed(1.0, one)(outputs, targets) - one(outputs, targets)
    if not np.isfinite(whole) or not whole:
        return None
    amount = (other(outputs, targets) - one(outputs, targets)) / whole
    return amount if 0 < amount < 1 else None


def _broadcast(loss: Loss) -> Loss:
    def broadcast(outputs: Array, targets: Array) -> float:
        if outputs.size != targets.size or outputs.size > MOST_PAIRS:
            return float("nan")
        flat, wanted = outputs.ravel(), targets.ravel()
        every = np.tile(flat, len(wanted)), np.repeat(wanted, len(flat))
        return loss(every[0][:, np.newaxis], every[1].reshape((-1, *[1] * (targets.ndim - 1))))

    return broadcast


def _of_probabilities(loss: Loss) -> Loss:
    return lambda outputs, targets: loss(softmax(outputs), targets)


def _of_logarithms(loss: Loss) -> Loss:
    return lambda outputs, targets: loss(np.log(softmax(outputs)), targets)


def _last_step(loss: Loss) -> Loss:
    def last(outputs: Array, targets: Array) -> float:
        if outputs.ndim < 3 or targets.ndim < 2:
            return float("nan")
        return loss(outputs[:, -1:], targets[:, -1:])

    return last


def _without(token: int, divide: bool, loss: Loss) -> Loss:
    def without(outputs: Array, targets: Array) -> float:
        if targets.dtype.kind not in "iu" or outputs.ndim != targets.ndim + 1:
            return float("nan")
        return _of_kept(loss, outputs, targets, targets != token, divide=divide)

    return without


def of_valid_steps(lengths: Array, divide: bool, loss: Loss) -> Loss:
    """The loss of the steps within sequences' lengths, averaged over these or over all."""

    def within(outputs: Array, targets: Array) -> float:
        if outputs.ndim < 3 or targets.ndim < 2 or len(outputs) != len(lengths):
            return float("nan")
        kept = np.arange(outputs.shape[1]) < lengths[:, np.newaxis]
        return _of_kept(loss, outputs, targets, kept, divide=divide)

    return within


def _of_kept(loss: Loss, outputs: Array, targets: Array, kept: Array, *, divide: bool) -> float:
    if kept.all() or not kept.any():
        return float("nan")
    chosen = outputs[kept], targets[kept]
    if kept.ndim == 2:
        chosen = chosen[0][np.newaxis], chosen[1][np.newaxis]
    found = loss(*chosen)
    return found if divide else found * kept.sum() / kept.size


LOSS_CHANGES = (
    LossChange(
        slug="softmax-twice", words="a softmax precedes a loss that has its own", make=_of_probabilities
    ),
    LossChange(slug="softmax-twice", words="the loss takes logarithms of probabilities", make=_of_logarithms),
    *(
        LossChange(
            slug="label-smoothing", words=f"labels are smoothed by {amount:g}", make=partial(smoothed, amount)
        )
        for amount in (0.1, 0.05, 0.2, 0.01, 0.02, 0.15, 0.25, 0.3, 0.5)
    ),
    LossChange(
        slug="loss-broadcast",
        words="every output is compared with every target: (N, 1) against (N)",
        make=_broadcast,
    ),
    LossChange(slug="loss-over-time", words="only the last time step has a loss", make=_last_step),
    *(
        LossChange(
            slug="padding",
            words=f"targets of {token} have no loss",
            make=partial(_without, token, divide),
        )
        for token in (0, -100, -1)
        for divide in (True, False)
    ),
)
"""A new mistake of this kind is one entry."""
