"""Counterparts of layers among what is no such layer: arrays, or the dense layers of a cell by hand."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from compare.port.records.interface import Layer
from compare.port.translation.parts import CORE, Pair, Place, places_of


class Waiting:
    """Layers that have no counterpart yet."""

    def __init__(self, layers: Iterable[Layer]) -> None:
        self.layers = list(layers)

    def take(self, layer: Layer) -> Layer:
        self.layers.remove(layer)
        return layer

    def named(self, name: str) -> Layer | None:
        return next((each for each in self.layers if each.name == name), None)


def pair_of(first: Layer, second: Layer, *, transposed: bool = False) -> Pair:
    places = {part: replace(place, transposed=transposed) for part, place in places_of(second).items()}
    return Pair(first=first, second=second, first_places=places_of(first), second_places=places)


def exchanged(pair: Pair) -> Pair:
    return Pair(
        first=pair.second,
        second=pair.first,
        first_places=pair.second_places,
        second_places=pair.first_places,
    )


def from_arrays(left: Waiting, right: Waiting) -> list[Pair]:
    """Layers of the left whose parts are arrays on the right, each told by its shape or its name."""
    pairs = []
    square_turned = are_turned([each for each in left.layers if each.kind != "array"], right.layers)
    for layer in [each for each in left.layers if each.kind != "array"]:
        places, used = {}, []
        for part, shape in layer.parts.items():
            free = [each for each in right.layers if each.kind == "array" and each not in used]
            same = [each for each in free if tuple(each.parts["array"]) == tuple(shape)]
            turned = [each for each in free if tuple(each.parts["array"]) == tuple(shape)[::-1]]
            array = _likeliest(part, same) or _likeliest(part, turned)
            if array is not None:
                used.append(array)
                square = len(set(shape)) == 1
                transposed = square_turned if square else array not in same
                places[part] = Place(key=array.key("array"), transposed=transposed)
        if not all(part in places for part in layer.parts if part in CORE):
            continue
        for array in used:
            right.take(array)
        other = Layer(name="+".join(each.name for each in used), kind="array", parts={}, frozen=())
        pairs.append(
            Pair(first=left.take(layer), second=other, first_places=places_of(layer), second_places=places)
        )
    return pairs


def from_dense(left: Waiting, right: Waiting) -> list[Pair]:
    """Recurrent layers of the left whose gates are made by two dense layers on the right, a cell by hand."""
    pairs = []
    for layer in [each for each in left.layers if "recurrent_kernel" in each.parts]:
        dense = [each for each in right.layers if each.kind == "dense"]
        inputs = [each for each in dense if each.parts["kernel"] == layer.parts["input_kernel"]]
        states = [each for each in dense if each.parts["kernel"] == layer.parts["recurrent_kernel"]]
        if not inputs or not [each for each in states if each is not inputs[0]]:
            continue
        one = right.take(inputs[0])
        other = right.take(next(each for each in states if each is not one))
        places = {
            "input_kernel": Place(key=one.key("kernel")),
            "recurrent_kernel": Place(key=other.key("kernel")),
        }
        biases = [Place(key=each.key("bias")) for each in (one, other) if "bias" in each.parts]
        places |= dict(zip(("bias", "recurrent_bias"), biases, strict=False))
        both = Layer(name=f"{one.name}+{other.name}", kind="array", parts={}, frozen=())
        pairs.append(
            Pair(first=left.take(layer), second=both, first_places=places_of(layer), second_places=places)
        )
    return pairs


def are_turned(left: Sequence[Layer], right: Sequence[Layer]) -> bool:
    """Whether every array of the right that can tell has the left's rows and columns exchanged."""
    kernels = {tuple(each.parts[part]) for each in left for part in CORE if part in each.parts}
    arrays = {tuple(each.parts["array"]) for each in right if each.kind == "array"}
    telling = {shape for shape in kernels if len(set(shape)) == 2}
    return bool({shape[::-1] for shape in telling} & arrays) and not telling & arrays


_HINTS = {
    "input_kernel": ("ih", "input", "wx", "w_x", "kernel", "w"),
    "recurrent_kernel": ("hh", "recurrent", "wh", "w_h", "u"),
    "bias": ("bias", "b"),
    "candidate_bias": ("candidate", "bn", "c"),
    "kernel": ("out", "head", "readout", "dense", "v"),
}


def _likeliest(part: str, arrays: Sequence[Layer]) -> Layer | None:
    """The only array, or the first whose name says what it is, or simply the first."""
    for hint in _HINTS.get(part, ()):
        for array in arrays:
            if hint in array.name.lower():
                return array
    return arrays[0] if arrays else None
