"""Layers told by the names of a `state_dict`, and the names that other layers would have there."""

import re
from collections.abc import Sequence

from compare.port.records.interface import Layer, Setting
from compare.port.translation.layout import Layout, Piece, shapes_of, whole
from compare.port.translation.named import KINDS, Shapes
from compare.port.translation.recognized import Recognized, array_layer

GATES = {kind: gates for gates, kind in KINDS.items()}
_KERNEL = re.compile(r"(?P<owner>.*?)\.?weight_ih(?P<ending>(_l(?P<level>\d+))?(?P<reverse>_reverse)?)$")


_DIRECTION = re.compile(r"(/(forward|backward)[^/]*(/cell)?|_reverse|_backward)$")
_LEVEL = re.compile(r"_l\d+$")


def layers_in_torch(shapes: Shapes) -> tuple[Recognized, ...]:
    """The layers of a `state_dict`, in its order."""
    found: list[Recognized] = []
    left = dict(shapes)
    for name in shapes:
        match = _KERNEL.match(name)
        if match:
            found.append(_cell(match, left))
        elif name in left and name.endswith("weight") and len(shapes[name]) <= 2:
            found.append(_simple(name, left))
    return (*found, *(array_layer(name, shape) for name, shape in left.items()))


def names_in_torch(layers: Sequence[Layer]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of these layers in a `state_dict`; every recurrent layer has two biases there."""
    names: dict[str, tuple[int, ...]] = {}
    for layer in layers:
        parts, name = layer.parts, layer.name.replace("/", ".")
        match layer.kind:
            case "dense":
                names[f"{name}.weight"] = parts["kernel"][::-1]
            case "embedding":
                names[f"{name}.weight"] = parts["table"]
            case "norm":
                names[f"{name}.weight"] = parts["scale"]
            case "array":
                names[name] = parts["array"]
            case _:
                names |= _cell_names(layer)
        bias = parts.get("offset" if layer.kind == "norm" else "bias")
        if bias is not None and layer.kind in {"dense", "norm"}:
            names[f"{name}.bias"] = bias
    return names


def _cell_names(layer: Layer) -> dict[str, tuple[int, ...]]:
    """The names in a module that has both directions and all levels, where the layers' names say so."""
    parts = layer.parts
    stem = _DIRECTION.sub("", layer.name).replace("/", ".")
    level = _LEVEL.search(stem)
    owner = _LEVEL.sub("", stem)
    ending = (
        f"{level[0] if level else '_l0'}{'_reverse' if layer.settings.get('direction') == 'reverse' else ''}"
    )
    kernel, recurrent = parts["input_kernel"], parts["recurrent_kernel"]
    names = {f"{owner}.weight_ih{ending}": kernel[::-1], f"{owner}.weight_hh{ending}": recurrent[::-1]}
    if "bias" in parts:
        names |= {f"{owner}.bias_ih{ending}": kernel[1:], f"{owner}.bias_hh{ending}": kernel[1:]}
    return names


def _cell(match: re.Match[str], left: dict[str, tuple[int, ...]]) -> Recognized:
    owner, ending = match["owner"], match["ending"]
    prefix = f"{owner}." if owner else ""

    def piece(native: str) -> Piece:
        return whole(f"{prefix}{native}{ending}", left.pop(f"{prefix}{native}{ending}"))

    layout: dict[str, tuple[Piece, ...]] = {
        "input_kernel": (piece("weight_ih").transposed,),
        "recurrent_kernel": (piece("weight_hh").transposed,),
    }
    hidden, width = shapes_of(layout)["recurrent_kernel"]
    kind = KINDS.get(width // hidden, "elman")
    if f"{prefix}bias_ih{ending}" in left:
        layout["bias"], second = (piece("bias_ih"),), piece("bias_hh")
        if kind == "gru":
            layout |= {
                "recurrent_bias": (second.blocks((0, 1), 3),),
                "candidate_bias": (second.blocks((2,), 3),),
            }
        else:
            layout["recurrent_bias"] = (second,)
    settings: dict[str, Setting] = {"direction": "reverse" if match["reverse"] else "forward"}
    name = f"{owner}{ending}" if ending not in {"", "_l0"} else owner or "rnn"
    return _recognized(name, kind, layout, settings)


def _simple(name: str, left: dict[str, tuple[int, ...]]) -> Recognized:
    owner = name.removesuffix("weight").removesuffix(".")
    piece = whole(name, left.pop(name))
    bias = name.removesuffix("weight") + "bias"
    beside = {"bias": (whole(bias, left.pop(bias)),)} if bias in left else {}
    if len(piece.places.shape) == 1:
        offset = {"offset": beside["bias"]} if beside else {}
        return _recognized(owner, "norm", {"scale": (piece,), **offset}, {})
    if not beside and "emb" in owner.lower():
        return _recognized(owner, "embedding", {"table": (piece,)}, {})
    return _recognized(owner, "dense", {"kernel": (piece.transposed,), **beside}, {})


def _recognized(name: str, kind: str, layout: Layout, settings: dict[str, Setting]) -> Recognized:
    layer = Layer(name=name, kind=kind, parts=shapes_of(layout), settings=settings)
    return Recognized(layer=layer, layout=layout)
