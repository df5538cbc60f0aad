"""The names that layers have in Lockstep and in flax.nnx."""

from collections.abc import Sequence

from compare.port.records.interface import Layer

Names = dict[str, tuple[int, ...]]
RECURRENT = {"lstm", "gru", "elman"}


def names_in_canonical(layers: Sequence[Layer]) -> Names:
    """Lockstep's own names for a stack and its readout, else with the layer's name before."""
    cells = [layer for layer in layers if layer.kind in RECURRENT]
    dense = [layer for layer in layers if layer.kind == "dense"]
    plain = len({layer.kind for layer in cells}) == 1 and len(dense) == 1 and len(cells) + 1 == len(layers)
    names: Names = {}
    level = -1
    for layer in layers:
        reverse = layer.settings.get("direction") == "reverse"
        if layer.kind in RECURRENT:
            level += not reverse
            ending = (f"_l{level}" if level else "") + ("_reverse" if reverse else "")
            before = "" if plain else f"{layer.kind}/"
            parts = [part for part in layer.parts if part != "recurrent_bias"]
            names |= {f"{before}{part}{ending}": layer.parts[part] for part in parts}
        elif plain:
            names |= {f"readout_{part}": shape for part, shape in layer.parts.items()}
        elif layer.kind == "array":
            names[layer.name] = layer.parts["array"]
        else:
            names |= _flax(layer)
    return names


def names_in_flax(layers: Sequence[Layer]) -> Names:
    """The paths of flax.nnx: `OptimizedLSTMCell`, `GRUCell`, `SimpleCell`, `Linear`, `Embed`, `LayerNorm`."""
    names: Names = {}
    for layer in layers:
        if layer.kind == "array":
            names[layer.name] = layer.parts["array"]
        elif layer.kind in RECURRENT:
            path = _path(layer)
            names[f"{path}/dense_i/kernel"] = layer.parts["input_kernel"]
            names[f"{path}/dense_h/kernel"] = layer.parts["recurrent_kernel"]
            if "bias" in layer.parts:
                side = "dense_h" if layer.kind == "lstm" else "dense_i"
                names[f"{path}/{side}/bias"] = layer.parts["bias"]
        else:
            names |= _flax(layer)
    return names


def _flax(layer: Layer) -> Names:
    own = {"table": "embedding", "scale": "scale", "offset": "bias", "kernel": "kernel", "bias": "bias"}
    return {f"{_path(layer)}/{own[part]}": shape for part, shape in layer.parts.items()}


def _path(layer: Layer) -> str:
    backward = layer.settings.get("direction") == "reverse" and "backward" not in layer.name
    return layer.name.replace(".", "/").removesuffix("_reverse") + ("_backward" if backward else "")
