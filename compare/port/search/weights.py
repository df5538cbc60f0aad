"""Mistakes that a translation of weights makes, by kind of layer."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from adapters.interface import Array

GATES = {"lstm": "ifgo", "gru": "rzn", "elman": "h"}
Weights = Mapping[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongWeights:
    """A mistake in one layer's weights: its slug, what it is in words, and the weights that it makes."""

    slug: str
    words: str
    make: Callable[[Weights], Weights]


def wrong_weights(kind: str, parts: Weights) -> Iterator[WrongWeights]:
    """Everything that may be wrong in the weights of one layer, or of one direction of it."""
    for source in SOURCES.get(kind, ()):
        yield from source(kind, parts)


def _gate_order(kind: str, parts: Weights) -> Iterator[WrongWeights]:
    gates = GATES[kind]
    hidden = parts["recurrent_kernel"].shape[0]
    usual = tuple(range(len(gates)))
    for order in permutations(usual):
        if order != usual:
            shown = ", ".join(gates[each] for each in order)
            yield WrongWeights(
                slug="gate-order",
                words=f"the gates lie in the order {shown}, not {', '.join(gates)}",
                make=lambda given, order=order: _reordered(given, order, hidden),  # type: ignore[misc]
            )


def _reordered(parts: Weights, order: Sequence[int], hidden: int) -> Weights:
    full = dict(parts)
    if "candidate_bias" in full:  # the second bias of all three gates moves as one
        second = full.get("recurrent_bias", np.zeros(2 * hidden))
        full["recurrent_bias"] = np.concatenate([second, full.pop("candidate_bias")])
    columns = np.concatenate([np.arange(hidden) + hidden * block for block in np.argsort(order)])
    moved = {
        part: value[..., columns] if value.shape[-1] == len(columns) else value
        for part, value in full.items()
    }
    if "candidate_bias" in parts:
        both = moved.pop("recurrent_bias")
        moved |= {"recurrent_bias": both[: 2 * hidden], "candidate_bias": both[2 * hidden :]}
    return moved


def _transposed_gates(kind: str, parts: Weights) -> Iterator[WrongWeights]:
    gates, hidden = len(GATES[kind]), parts["recurrent_kernel"].shape[0]
    for part in ("recurrent_kernel", "input_kernel"):
        words = part.replace("_", " ")
        if parts[part].shape[0] == hidden:
            yield WrongWeights(
                slug="transposed-kernel",
                words=f"each gate's {words} is transposed" if gates > 1 else f"the {words} is transposed",
                make=lambda given, part=part: {  # type: ignore[misc]
                    **given,
                    part: np.concatenate([each.T for each in np.split(given[part], gates, axis=-1)], axis=-1),
                },
            )
        yield from _reshaped(part, f"the {words}", parts)


def _transposed_kernel(kind: str, parts: Weights) -> Iterator[WrongWeights]:
    if parts["kernel"].shape[0] == parts["kernel"].shape[1]:
        yield WrongWeights(
            slug="transposed-kernel",
            words="the kernel is transposed",
            make=lambda given: {**given, "kernel": given["kernel"].T},
        )
    yield from _reshaped("kernel", "the kernel", parts)


def _reshaped(part: str, words: str, parts: Weights) -> Iterator[WrongWeights]:
    if min(parts[part].shape) > 1:
        yield WrongWeights(
            slug="transposed-kernel",
            words=f"{words} is reshaped where it must be transposed",
            make=lambda given: {
                **given, part: np.ascontiguousarray(given[part].T).reshape(given[part].shape)
            },
        )  # fmt: skip


def _missing_biases(kind: str, parts: Weights) -> Iterator[WrongWeights]:
    biases = [part for part in ("bias", "recurrent_bias", "candidate_bias", "offset") if part in parts]
    for part in biases:
        yield _left_out(f"the {part.replace('_', ' ')} is left out", (part,))
    if len(biases) > 1:
        yield _left_out("its biases are left out", tuple(biases))


def _missing_scale(kind: str, parts: Weights) -> Iterator[WrongWeights]:
    if "scale" in parts:
        yield WrongWeights(
            slug="missing-bias",
            words="its scale is left out",
            make=lambda given: {**given, "scale": np.ones_like(given["scale"])},
        )


def _left_out(words: str, without: tuple[str, ...]) -> WrongWeights:
    return WrongWeights(
        slug="missing-bias",
        words=words,
        make=lambda given: {part: 0 * v if part in without else v for part, v in given.items()},
    )


def _forget_bias(kind: str, parts: Weights) -> Iterator[WrongWeights]:
    for value in (1.0, -1.0, 0.5, 2.0):
        yield WrongWeights(
            slug="forget-bias",
            words=f"{value:+g} is added to the forget gate's bias inside the cell",
            make=lambda given, value=value: _with_forget(given, value),  # type: ignore[misc]
        )


def _with_forget(parts: Weights, value: float) -> Weights:
    hidden = parts["recurrent_kernel"].shape[0]
    bias = parts.get("bias", np.zeros(4 * hidden)).copy()
    bias[hidden : 2 * hidden] += value
    return {**parts, "bias": bias}


def _padding_row(kind: str, parts: Weights) -> Iterator[WrongWeights]:
    yield WrongWeights(
        slug="padding",
        words="the padding token's row is taken as zero",
        make=lambda given: {**given, "table": np.concatenate([0 * given["table"][:1], given["table"][1:]])},
    )


Source = Callable[[str, Weights], Iterator[WrongWeights]]
SOURCES: dict[str, tuple[Source, ...]] = {
    "lstm": (_gate_order, _transposed_gates, _missing_biases, _forget_bias),
    "gru": (_gate_order, _transposed_gates, _missing_biases),
    "elman": (_transposed_gates, _missing_biases),
    "dense": (_transposed_kernel, _missing_biases),
    "norm": (_missing_biases, _missing_scale),
    "embedding": (_padding_row,),
}
"""By kind of layer: where its mistakes come from. A new mistake is one entry."""
