"""Why outputs differ: the model as a chain in NumPy, with mistakes made in it until both are reproduced."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from adapters.interface import Array
from compare.port.chain import ACTIVATIONS, Cell, Chain, Group
from compare.port.fit import Explained, Probe, explain
from compare.port.mistakes import Mistake
from compare.port.records.interface import Layer, Trace
from compare.port.records.mending import cause
from compare.port.records.result import Cause
from compare.port.translation.parts import Pair

if TYPE_CHECKING:
    from compare.port.comparison import Observed

RECURRENT = {"lstm", "gru", "elman"}
LETTERS = ("A", "B")


def causes_at_outputs(observed: "Observed", most: int) -> list[Cause] | None:
    """The mistakes, so many at most, by which one chain becomes the other; None where none explain it."""
    lengths = lengths_of(observed)
    probes = [_probes(observed, place, lengths) for place in (0, 1)]
    if any(each is None for each in probes):
        return None
    one = explain(probes[0] or [], most=most)
    if one is None:
        return None
    other = explain(probes[1] or [], one, most=most)
    return None if other is None else differing(one, other, observed)


def differing(one: Explained, other: Explained, observed: "Observed") -> list[Cause]:
    """What is done on one side and not on the other."""
    found = []
    if one.read != other.read:
        words = f"A reads the {one.read}, B the {other.read}".replace("the states", "the final states")
        averages = {"mean over steps", "mean over all steps, padded ones too"}
        slug = "padding" if {one.read, other.read} == averages else "readout-step"
        found.append(cause(slug, words))
    for place, slug in ((0, "padding"), (1, "direction-padding")):
        sides = [LETTERS[side] for side, each in enumerate((one, other)) if each.padded[place]]
        if len(sides) == 1 and (place == 0 or one.padded[0] == other.padded[0]):
            way = "reverse direction" if place else "model"
            found.append(
                cause(slug, f"{sides[0]}'s {way} computes steps beyond a sequence's length like others")
            )
    said = [{(each.slug, each.sentence): each for each in side.made} for side in (one, other)]
    for place, own in enumerate(said):
        found += [
            _cause(each, LETTERS[place], observed) for key, each in own.items() if key not in said[1 - place]
        ]
    return found


def _cause(made: Mistake, side: str, observed: "Observed") -> Cause:
    slug = made.slug
    if slug == "activation" and "softmax" in made.sentence and not observed.loss.difference <= 1e-10:
        slug = "softmax-twice"
    return cause(slug, f"in {side}, {made.sentence}")


def lengths_of(observed: "Observed") -> Array | None:
    """The sequences' lengths: those given, or those of a mask that a program shows."""
    if observed.batch.lengths is not None:
        return observed.batch.lengths
    for trace in observed.traces:
        for recorded in trace.modules.values():
            if recorded.mask is not None:
                return np.asarray(np.asarray(recorded.mask).sum(axis=1))
    return None


def _probes(observed: "Observed", place: int, lengths: Array | None) -> list[Probe] | None:
    opened = observed.opened
    found = []
    for values, traces in (
        (observed.moved_values, observed.moved_traces),
        (opened.values, observed.traces),
    ):
        own = values if place == 0 else opened.matching.handed_over(values, opened.own)
        chain = chain_of(opened.matching.pairs, observed.traces[0], place, own)
        if chain is None:
            return None
        outputs = traces[place].outputs
        found.append(Probe(chain=chain, inputs=observed.batch.inputs, lengths=lengths, outputs=outputs))
    return found


def chain_of(pairs: Sequence[Pair], trace: Trace, place: int, values: Mapping[str, Array]) -> Chain | None:
    """A side's layers one after the other, in the first one's order; None where one is of no known kind."""
    order = {name: number for number, name in enumerate(trace.modules)}
    sorted_pairs = sorted(pairs, key=lambda pair: order.get(pair.first.module or "", len(order)))
    groups: list[Group] = []
    for pair in sorted_pairs:
        own = pair.first_places if place == 0 else pair.second_places
        parts = {part: where.take(values) for part, where in own.items()}
        settings = {**pair.first.settings, **(pair.second.settings if place else {})}
        group = group_of(pair, parts, settings)
        if group is None:
            return None
        if group.cells and groups and _beside(groups[-1], group):
            beside = replace(group.cells[0], reverse=True)
            groups[-1] = replace(groups[-1], cells=(*groups[-1].cells, beside))
        else:
            groups.append(group)
    return Chain(groups=tuple(groups))


def _beside(before: Group, group: Group) -> bool:
    """Whether a cell reads what the one before it reads, in the other direction."""
    if len(before.cells) != 1:
        return False
    one, other = before.cells[0], group.cells[0]
    size, hidden = one.parts["input_kernel"].shape[0], one.parts["recurrent_kernel"].shape[0]
    same = other.parts["input_kernel"].shape[0] == size
    return same and not one.reverse and (other.reverse or size != hidden)


def group_of(pair: Pair, parts: Mapping[str, Array], settings: Mapping[str, object]) -> Group | None:
    """One layer as a group of the chain."""
    kind = pair.kind
    activation = str(settings.get("activation") or ("tanh" if kind in RECURRENT else "linear"))
    recurrent = str(settings.get("recurrent_activation") or "sigmoid")
    if activation not in ACTIVATIONS or recurrent not in ACTIVATIONS:
        return None
    if kind in RECURRENT:
        cell = Cell(
            kind=kind,
            parts=parts,
            activation=activation,
            recurrent_activation=recurrent,
            reset=str(settings.get("reset") or "after"),
            reverse=settings.get("direction") == "reverse",
        )
        return Group(name=pair.name, kind=kind, cells=(cell,))
    if kind not in {"dense", "embedding", "norm"}:
        return None
    epsilon = settings.get("epsilon") or 0.0
    assert isinstance(epsilon, float | int)
    return Group(name=pair.name, kind=kind, parts=parts, activation=activation, epsilon=float(epsilon))


def settings_that_differ(pairs: Sequence[Pair]) -> list[Cause]:
    """What layers declare of themselves and not alike."""
    found = []
    slugs = {
        "activation": "activation", "recurrent_activation": "activation", "reset": "reset-gate",
        "epsilon": "epsilon-value",
    }  # fmt: skip
    for pair in pairs:
        for name, slug in slugs.items():
            one, other = (_declared(layer, name) for layer in (pair.first, pair.second))
            if one is not None and other is not None and one != other:
                found.append(
                    cause(slug, f"{pair.name}: {name.replace('_', ' ')} is {one} in A, {other} in B")
                )
    return found


def _declared(layer: Layer, name: str) -> object:
    value = layer.settings.get(name)
    return {"silu": "swish", "identity": "linear"}.get(str(value), value)
