"""Layers told by the paths of a Keras weights file, and the paths that other layers would have there."""

import re
from collections.abc import Sequence

from compare.port.records.interface import Layer, Setting
from compare.port.translation.layout import Layout, Piece, shapes_of, whole
from compare.port.translation.named import KINDS, Shapes
from compare.port.translation.recognized import Recognized, array_layer

CLASSES = {
    "lstm": "lstm",
    "gru": "gru",
    "elman": "simple_rnn",
    "dense": "dense",
    "embedding": "embedding",
    "norm": "layer_normalization",
}
_VARIABLE = re.compile(r"(?P<owner>.*?)/(?P<cell>cell/)?vars/(?P<number>\d+)$")
_SINGLE = {
    "dense": ("kernel", "bias"),
    "embedding": ("table",),
    "layer_normalization": ("scale", "offset"),
}


def layers_in_keras(shapes: Shapes) -> tuple[Recognized, ...]:
    """The layers of a weights file of Keras 3, where a variable is `layers/lstm/cell/vars/0`."""
    owners: dict[str, dict[int, str]] = {}
    found: list[Recognized] = []
    for name in shapes:
        match = _VARIABLE.match(name)
        if match:
            owners.setdefault(match["owner"] + ("/cell" if match["cell"] else ""), {})[
                int(match["number"])
            ] = name
        else:
            found.append(array_layer(name, shapes[name]))
    return (*(each for owner, names in owners.items() for each in _layer(owner, names, shapes)), *found)


def names_in_keras(layers: Sequence[Layer]) -> dict[str, tuple[int, ...]]:
    """Paths and shapes of these layers in the weights file of a Sequential or functional model."""
    names: dict[str, tuple[int, ...]] = {}
    counted: dict[str, int] = {}
    beside = [
        place for place, layer in enumerate(layers[1:], 1) if layer.settings.get("direction") == "reverse"
    ]
    for place, layer in enumerate(layers):
        if layer.kind == "array":
            names[layer.name] = layer.parts["array"]
            continue
        both = place in beside or place + 1 in beside
        kind = "bidirectional" if both else CLASSES[layer.kind]
        number = counted.get(kind, 0)
        if not both or place in beside:
            counted[kind] = number + 1
        path = f"layers/{kind}{f'_{number}' if number else ''}"
        if both:
            path += "/backward_layer" if place in beside else "/forward_layer"
        names |= _paths(path, layer)
    return names


def _paths(path: str, layer: Layer) -> dict[str, tuple[int, ...]]:
    parts = layer.parts
    if CLASSES[layer.kind] in _SINGLE:
        order = [part for part in _SINGLE[CLASSES[layer.kind]] if part in parts]
        return {f"{path}/vars/{number}": parts[part] for number, part in enumerate(order)}
    shapes = [parts["input_kernel"], parts["recurrent_kernel"]]
    if "bias" in parts:
        width = parts["recurrent_kernel"][1]
        after = layer.kind == "gru" and layer.settings.get("reset", "after") == "after"
        shapes.append((2, width) if after else (width,))
    return {f"{path}/cell/vars/{number}": shape for number, shape in enumerate(shapes)}


def _layer(owner: str, names: dict[int, str], shapes: Shapes) -> list[Recognized]:
    pieces = [whole(names[number], shapes[names[number]]) for number in sorted(names)]
    if owner.endswith("/cell"):
        return [_cell(owner.removesuffix("/cell"), pieces)]
    stem = re.sub(r"_\d+$", "", owner.rpartition("/")[2])
    if stem == "layer" and "time_distributed" in owner:
        stem = "dense"
    if stem not in _SINGLE:
        return [array_layer(name, shapes[name]) for name in names.values()]
    kind = next(kind for kind, known in CLASSES.items() if known == stem)
    layout = {part: (piece,) for part, piece in zip(_SINGLE[stem], pieces, strict=False)}
    return [_recognized(owner, kind, layout, {})]


def _cell(owner: str, pieces: list[Piece]) -> Recognized:
    hidden, width = pieces[1].places.shape
    kind = KINDS[width // hidden]
    gates = width // hidden
    order = (1, 0, 2) if kind == "gru" else tuple(range(gates))
    layout: dict[str, tuple[Piece, ...]] = {
        "input_kernel": (pieces[0].blocks(order, gates),),
        "recurrent_kernel": (pieces[1].blocks(order, gates),),
    }
    settings: dict[str, Setting] = {"direction": "reverse" if "backward" in owner else "forward"}
    if kind == "gru":
        settings["reset"] = "before"
    if len(pieces) > 2 and pieces[2].places.ndim == 2:
        first, second = pieces[2].row(0), pieces[2].row(1)
        settings["reset"] = "after"
        layout |= {
            "bias": (first.blocks(order, 3),),
            "recurrent_bias": (second.blocks((1, 0), 3),),
            "candidate_bias": (second.blocks((2,), 3),),
        }
    elif len(pieces) > 2:
        layout["bias"] = (pieces[2].blocks(order, gates),)
    return _recognized(owner, kind, layout, settings)


def _recognized(name: str, kind: str, layout: Layout, settings: dict[str, Setting]) -> Recognized:
    layer = Layer(name=name, kind=kind, parts=shapes_of(layout), settings=settings)
    return Recognized(layer=layer, layout=layout)
