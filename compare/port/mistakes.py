"""Typical mistakes in a model's forward pass, each a change of its chain."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from adapters.interface import Array
from compare.port.chain import READ, Cell, Chain, Group

GATES = {"lstm": "ifgo", "gru": "rzn"}
Change = Callable[[Chain], Chain]
ACTIVATIONS = ("tanh", "relu", "linear", "sigmoid", "softsign", "hard_tanh")
GATE_ACTIVATIONS = ("sigmoid", "hard_sigmoid", "hard sigmoid of Keras 2", "tanh", "relu", "linear")
OUTPUT_ACTIVATIONS = ("softmax", "log_softmax", "relu", "tanh", "sigmoid")
EPSILONS = (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A slug, what it is in words, and the chain that it makes of another."""

    slug: str
    sentence: str
    change: Change


def mistakes(chain: Chain, *, lengths: bool) -> list[Mistake]:
    """Everything that may be wrong in a chain; `lengths`: some sequences are padded.

    A mistake that can be made in several cells is made in all of them first, then in each.
    """
    cells: dict[tuple[str, str], list[Mistake]] = {}
    others: list[Mistake] = []
    for place, group in enumerate(chain.groups):
        for number, cell in enumerate(group.cells):
            for each in _in_cell(place, number, cell, lengths):
                cells.setdefault((each.slug, each.sentence), []).append(each)
        others += _in_group(place, group)
    everywhere = [_in_all(alike) for alike in cells.values()]
    alone = [each for alike in cells.values() if len(alike) > 1 for each in alike]
    return [*everywhere, *others, *_between(chain), *alone]


def _in_all(alike: Sequence[Mistake]) -> Mistake:
    def change(chain: Chain) -> Chain:
        for each in alike:
            chain = each.change(chain)
        return chain

    return replace(alike[0], change=change)


def _cell_changed(place: int, number: int, **fields: object) -> Change:
    def change(chain: Chain) -> Chain:
        group = chain.groups[place]
        cells = list(group.cells)
        cells[number] = replace(cells[number], **fields)  # type: ignore[arg-type]
        return _with_group(chain, place, replace(group, cells=tuple(cells)))

    return change


def _parts_changed(place: int, number: int, change: Callable[[dict[str, Array]], dict[str, Array]]) -> Change:
    def changed(chain: Chain) -> Chain:
        cell = chain.groups[place].cells[number]
        return _cell_changed(place, number, parts=change(dict(cell.parts)))(chain)

    return changed


def _with_group(chain: Chain, place: int, group: Group) -> Chain:
    return replace(chain, groups=(*chain.groups[:place], group, *chain.groups[place + 1 :]))


def _in_cell(place: int, number: int, cell: Cell, lengths: bool) -> Iterator[Mistake]:
    for slug, words, change in _of_weights(cell):
        yield Mistake(slug=slug, sentence=words, change=_parts_changed(place, number, change))
    for activation in ACTIVATIONS:
        if activation != cell.activation:
            words = f"{activation} in place of {cell.activation}"
            yield Mistake(
                slug="activation", sentence=words, change=_cell_changed(place, number, activation=activation)
            )
    if cell.kind == "lstm":
        for activation in ("linear", "relu"):
            words = f"{activation} of the cell state in place of {cell.activation}"
            yield Mistake(
                slug="activation",
                sentence=words,
                change=_cell_changed(place, number, cell_activation=activation),
            )
    if cell.kind != "elman":
        for activation in GATE_ACTIVATIONS:
            if activation != cell.recurrent_activation:
                words = f"{activation} for the gates in place of {cell.recurrent_activation}"
                yield Mistake(
                    slug="activation",
                    sentence=words,
                    change=_cell_changed(place, number, recurrent_activation=activation),
                )
    if cell.kind == "gru":
        other = "before" if cell.reset == "after" else "after"
        words = f"the reset gate is applied {other} the recurrent product, not {cell.reset} it"
        yield Mistake(slug="reset-gate", sentence=words, change=_cell_changed(place, number, reset=other))
        words = "the update gate's z and 1 − z are exchanged"
        yield Mistake(
            slug="update-gate",
            sentence=words,
            change=_cell_changed(place, number, exchanged=not cell.exchanged),
        )
    words = f"the sequence is read {'forward' if cell.reverse else 'backward'}"
    yield Mistake(
        slug="direction-order", sentence=words, change=_cell_changed(place, number, reverse=not cell.reverse)
    )
    if cell.reverse:
        words = "the reverse direction's steps are not turned around again"
        yield Mistake(
            slug="direction-order",
            sentence=words,
            change=_cell_changed(place, number, realigned=not cell.realigned),
        )
    if lengths:
        slug = "direction-padding" if cell.reverse else "padding"
        words = (
            f"steps beyond a sequence's length are {'left out' if cell.padded else 'computed like others'}"
        )
        yield Mistake(slug=slug, sentence=words, change=_cell_changed(place, number, padded=not cell.padded))


Weights = Callable[[dict[str, Array]], dict[str, Array]]


def _of_weights(cell: Cell) -> Iterator[tuple[str, str, Weights]]:
    """Mistakes that a translation of weights makes."""
    hidden = cell.parts["recurrent_kernel"].shape[0]
    gates = GATES.get(cell.kind, "h")
    for order in permutations(range(len(gates))):
        if order != tuple(range(len(gates))):
            shown = ", ".join(gates[each] for each in order)
            yield (
                "gate-order",
                f"the gates lie in the order {shown}, not {', '.join(gates)}",
                _reordered(order, hidden),
            )
    for part in ("input_kernel", "recurrent_kernel"):
        words = part.replace("_", " ")
        if cell.parts[part].shape[0] == hidden:
            yield "transposed-kernel", f"each gate's {words} is transposed", _transposed(part, len(gates))
        if cell.parts[part].shape[0] > 1:
            yield "transposed-kernel", f"the {words} is reshaped where it must be transposed", _reshaped(part)
    for part in ("bias", "recurrent_bias", "candidate_bias"):
        if part in cell.parts:
            yield "missing-bias", f"the {part.replace('_', ' ')} is left out", _zero(part)
    if {"bias", "recurrent_bias"} <= cell.parts.keys():
        yield "missing-bias", "both biases are left out", _zero("bias", "recurrent_bias", "candidate_bias")
    if cell.kind == "lstm" and "bias" in cell.parts:
        for value in (1.0, -1.0):
            words = f"{value:+g} is added to the forget gate's bias inside the cell"
            yield "forget-bias", words, _forget(value, hidden)


def _reordered(order: Sequence[int], hidden: int) -> Weights:
    def change(parts: dict[str, Array]) -> dict[str, Array]:
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

    return change


def _transposed(part: str, gates: int) -> Weights:
    def change(parts: dict[str, Array]) -> dict[str, Array]:
        blocks = np.split(parts[part], gates, axis=-1)
        return {**parts, part: np.concatenate([block.T for block in blocks], axis=-1)}

    return change


def _reshaped(part: str) -> Weights:
    return lambda parts: {**parts, part: np.ascontiguousarray(parts[part].T).reshape(parts[part].shape)}


def _zero(*names: str) -> Weights:
    return lambda parts: {part: 0 * value if part in names else value for part, value in parts.items()}


def _forget(value: float, hidden: int) -> Weights:
    def change(parts: dict[str, Array]) -> dict[str, Array]:
        bias = parts["bias"].copy()
        bias[hidden : 2 * hidden] += value
        return {**parts, "bias": bias}

    return change


def _in_group(place: int, group: Group) -> Iterator[Mistake]:
    def changed(**fields: object) -> Change:
        return lambda chain: _with_group(chain, place, replace(chain.groups[place], **fields))  # type: ignore[arg-type]

    def with_parts(**parts: Array) -> Change:
        return lambda chain: _with_group(
            chain, place, replace(chain.groups[place], parts={**chain.groups[place].parts, **parts})
        )

    if group.kind == "dense":
        kernel = group.parts["kernel"]
        if kernel.shape[0] == kernel.shape[1]:
            yield Mistake(
                slug="transposed-kernel",
                sentence=f"{group.name}: the kernel is transposed",
                change=with_parts(kernel=kernel.T),
            )
        if min(kernel.shape) > 1:
            turned = np.ascontiguousarray(kernel.T).reshape(kernel.shape)
            words = f"{group.name}: the kernel is reshaped where it must be transposed"
            yield Mistake(slug="transposed-kernel", sentence=words, change=with_parts(kernel=turned))
        if "bias" in group.parts:
            words = f"{group.name}: the bias is left out"
            yield Mistake(
                slug="missing-bias", sentence=words, change=with_parts(bias=0 * group.parts["bias"])
            )
        for activation in (*OUTPUT_ACTIVATIONS, "linear"):
            if activation != group.activation:
                words = f"{group.name}: {activation} in place of {group.activation}"
                yield Mistake(slug="activation", sentence=words, change=changed(activation=activation))
    if group.kind == "norm":
        for epsilon in EPSILONS:
            words = f"{group.name}: an epsilon of {epsilon:g} in place of {group.epsilon:g}"
            yield Mistake(slug="epsilon-value", sentence=words, change=changed(epsilon=epsilon))
        for part in group.parts:
            neutral = np.ones_like(group.parts[part]) if part == "scale" else 0 * group.parts[part]
            yield Mistake(
                slug="missing-bias",
                sentence=f"{group.name}: its {part} is left out",
                change=with_parts(**{part: neutral}),
            )
    if group.kind == "embedding":
        table = group.parts["table"].copy()
        table[0] = 0
        words = f"{group.name}: the padding token's row is taken as zero"
        yield Mistake(slug="padding", sentence=words, change=with_parts(table=table))
    if len(group.cells) == 2:
        first, second = group.cells
        words = f"{group.name}: the two directions' states lie in the other order"
        yield Mistake(slug="direction-order", sentence=words, change=changed(cells=(second, first)))
        words = f"{group.name}: the two directions have each other's weights"
        exchanged = replace(first, parts=second.parts), replace(second, parts=first.parts)
        yield Mistake(slug="direction-order", sentence=words, change=changed(cells=exchanged))


def _between(chain: Chain) -> Iterator[Mistake]:
    if any(group.cells for group in chain.groups):
        for read in READ:
            if read != chain.read and (read == "every") == (chain.read == "every"):
                yield Mistake(
                    slug="padding"
                    if {read, chain.read} == {"mean over steps", "mean over all steps, padded ones too"}
                    else "readout-step",
                    sentence=f"the {read} is read, not the {chain.read}".replace(
                        "the states", "the final states"
                    ),
                    change=lambda chain, read=read: replace(chain, read=read),  # type: ignore[misc]
                )
    for read in ("last step", "first step", "mean over steps", "every"):
        if (read == "every") == (chain.read == "every"):
            yield Mistake(
                slug="batch-axis",
                sentence="the first axis is taken for time, the second for the batch",
                change=lambda chain, read=read: _time_first(chain, read),  # type: ignore[misc]
            )
    for i, one in enumerate(chain.groups):
        for j, other in enumerate(chain.groups[i + 1 :], i + 1):
            if _alike(one, other):
                yield Mistake(
                    slug="layer-order",
                    sentence=f"{one.name} and {other.name} have each other's places",
                    change=lambda chain, i=i, j=j: _swapped(chain, i, j),  # type: ignore[misc]
                )
    for activation in OUTPUT_ACTIVATIONS:
        yield Mistake(
            slug="activation",
            sentence=f"{activation} of the model's outputs",
            change=lambda chain, activation=activation: replace(chain, last=activation),  # type: ignore[misc]
        )


def _alike(one: Group, other: Group) -> bool:
    if one.kind != other.kind or len(one.cells) != len(other.cells):
        return False
    return _shapes(one) == _shapes(other)


def _shapes(group: Group) -> list[tuple[str, tuple[int, ...]]]:
    parts = [group.parts, *(cell.parts for cell in group.cells)]
    return [(part, value.shape) for each in parts for part, value in sorted(each.items())]


def _swapped(chain: Chain, i: int, j: int) -> Chain:
    groups = list(chain.groups)
    groups[i], groups[j] = groups[j], groups[i]
    return replace(chain, groups=tuple(groups))


def _time_first(chain: Chain, read: str) -> Chain:
    groups = tuple(
        replace(group, cells=tuple(replace(cell, time_first=True) for cell in group.cells))
        for group in chain.groups
    )
    return replace(chain, groups=groups, read=read)
