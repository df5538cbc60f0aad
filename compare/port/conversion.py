"""Weights of one framework written as those of another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from adapters.interface import Array
from compare.errors import UsageError, check_choice
from compare.port.data import drawn_inputs
from compare.port.records.interface import Layer
from compare.port.request import PortRequest, both, started
from compare.port.translation.keras_names import layers_in_keras, names_in_keras
from compare.port.translation.matching import Matching, match
from compare.port.translation.named import layers_by_name
from compare.port.translation.parts import Pair, places_of
from compare.port.translation.plain_names import names_in_canonical, names_in_flax
from compare.port.translation.recognized import Recognized, read_all, write_all
from compare.port.translation.torch_names import layers_in_torch, names_in_torch
from compare.port.weights_file import ENDINGS, content_of, read_weights

Names = dict[str, tuple[int, ...]]
TARGETS: dict[str, tuple[Callable[[Sequence[Layer]], Names], Callable[[Names], tuple[Recognized, ...]]]] = {
    "canonical": (names_in_canonical, layers_by_name),
    "torch": (names_in_torch, layers_in_torch),
    "keras": (names_in_keras, layers_in_keras),
    "jax": (names_in_flax, layers_by_name),
}
"""By framework: the names that layers have there, and the layers that such names are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """The arrays, the file that holds them, and what of the source has no place among them."""

    arrays: Mapping[str, Array]
    content: bytes
    notes: tuple[str, ...]


def convert(source: str, target: str, out: Path, *, timeout_seconds: float) -> Converted:
    """A program's weights, or those in a file, in the names and layouts of another framework.

    Raises: UsageError; PortFailed where the program fails.
    """
    check_choice("format", target, TARGETS)
    if not str(out).endswith(ENDINGS):
        raise UsageError(f"{out} has no ending that is known: choose from {', '.join(ENDINGS)}")
    layers, values = _source(source, timeout_seconds)
    names, recognized = TARGETS[target]
    there = recognized(names(layers))
    matching = _in_order(layers, there)
    natives = {name: np.zeros(shape) for name, shape in names(layers).items()}
    own = read_all(there, natives)
    dtype = next(iter(values.values())).dtype
    handed = matching.handed_over(values, own)
    arrays = {
        name: value.astype(dtype) for name, value in (natives | write_all(there, handed, natives)).items()
    }
    notes = tuple(note for pair in matching.pairs for note in _left_out(pair, values))
    return Converted(arrays=arrays, content=content_of(out, arrays), notes=notes)


def _in_order(layers: Sequence[Layer], there: Sequence[Recognized]) -> Matching:
    """Layers and what they become: as many, in one order, but for names that group them otherwise."""
    targets = [each.layer for each in there]
    kinds = [layer.kind for layer in layers]
    if kinds == [layer.kind for layer in targets]:
        return Matching(
            pairs=tuple(
                Pair(first=one, second=other, first_places=places_of(one), second_places=places_of(other))
                for one, other in zip(layers, targets, strict=True)
            )
        )
    return match(layers, targets)


def _left_out(pair: Pair, values: Mapping[str, Array]) -> list[str]:
    said = []
    for part in pair.only_first:
        value = pair.first_places[part].take(values)
        if part in {"candidate_bias"} and value.any():
            said.append(
                f"{pair.first.name}: its candidate's own bias has no place there and was added to its bias"
            )
        elif part == "recurrent_bias" and value.any():
            said.append(f"{pair.first.name}: its two biases were added up")
    return said


def _source(source: str, timeout_seconds: float) -> tuple[list[Layer], dict[str, Array]]:
    if source.endswith(ENDINGS):
        arrays = read_weights(Path(source))
        found = _recognized({name: value.shape for name, value in arrays.items()})
        return [each.layer for each in found], read_all(found, arrays)
    request = PortRequest(first=source, second=source, timeout_seconds=timeout_seconds)
    with started(request) as (side, _):
        both(lambda each: each.open("float64"), [side])
        batches = side.data(1) or [drawn_inputs([side])]
        description = side.take([replace(batches[0], targets=np.asarray(batches[0].targets))])
        return list(description.layers), side.parameters()


def _recognized(shapes: Names) -> tuple[Recognized, ...]:
    """Layers by whichever names they have."""
    if any("/vars/" in name for name in shapes):
        return layers_in_keras(shapes)
    if any("weight_ih" in name or name.endswith("weight") for name in shapes):
        return layers_in_torch(shapes)
    return layers_by_name(shapes)
