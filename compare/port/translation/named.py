"""Layers told by the names and shapes of their arrays, where there is no module to ask."""

import re
from collections.abc import Mapping
from dataclasses import replace

from compare.port.records.interface import Layer, Setting
from compare.port.translation.gates import gates_together
from compare.port.translation.layout import Layout, Piece, shapes_of, whole
from compare.port.translation.recognized import Recognized, array_layer

Shapes = Mapping[str, tuple[int, ...]]
KINDS = {1: "elman", 3: "gru", 4: "lstm"}
"""By the number of gates."""

_CANONICAL = re.compile(
    r"(?P<part>input_kernel|recurrent_kernel|bias|candidate_bias|recurrent_bias)(?P<ending>(_l\d+)?(_reverse)?)$"
)


def layers_by_name(shapes: Shapes, *, frozen: frozenset[str] = frozenset()) -> tuple[Recognized, ...]:
    """Layers of flax, of Lockstep's canonical names; all else as arrays. In the order of the names given."""
    groups: dict[str, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        prefix, _, last = name.rpartition("/")
        match = _CANONICAL.match(last)
        if match:
            # a bias has no kernel beside it where it belongs to a dense layer
            canonical = f"{prefix}/" if prefix else ""
            if f"{canonical}recurrent_kernel{match['ending']}" in shapes:
                groups.setdefault(f"{canonical}cell{match['ending']}", {})[name] = shape
                continue
        groups.setdefault(_owner(prefix, shapes), {})[name] = shape
    return gates_together(
        [each for owner, members in groups.items() for each in _group(owner, members, frozen)]
    )


def _owner(prefix: str, shapes: Shapes) -> str:
    """The cell that a dense layer of flax belongs to, else the layer itself."""
    outer, _, inner = prefix.rpartition("/")
    names = {
        name.removeprefix(f"{outer}/" if outer else "").split("/")[0]
        for name in shapes
        if name.startswith(outer)
    }
    for members in _CELL_MEMBERS:
        if inner in members and members <= names:
            return outer or "cell"
    return prefix


_CELL_MEMBERS = (
    frozenset({"dense_i", "dense_h"}),
    frozenset({"ii", "if_", "ig", "io", "hi", "hf", "hg", "ho"}),
    frozenset({"ii", "if", "ig", "io", "hi", "hf", "hg", "ho"}),
    frozenset({"ir", "iz", "in", "hr", "hz", "hn"}),
)


def _group(owner: str, shapes: Shapes, frozen: frozenset[str]) -> list[Recognized]:
    short = {name.removeprefix(f"{owner}/"): name for name in shapes}
    for reader in (_canonical, _fused, _split, _readout, _simple):
        found = reader(owner, short, shapes)
        if found is not None:
            stay = tuple(
                part for part, pieces in found.layout.items() if any(p.native in frozen for p in pieces)
            )
            return [replace(found, layer=replace(found.layer, frozen=stay))]
    return [array_layer(name, shape, frozen=name in frozen) for name, shape in shapes.items()]


def _cell(owner: str, layout: Layout, *, reset: str = "after", reverse: bool = False) -> Recognized | None:
    parts = shapes_of(layout)
    hidden, width = parts["recurrent_kernel"]
    kind = KINDS.get(width // hidden) if width % hidden == 0 else None
    if kind is None:
        return None
    settings: dict[str, Setting] = {"direction": "reverse" if reverse else "forward"}
    if kind == "gru":
        settings["reset"] = reset
    return Recognized(
        layer=Layer(name=owner, kind=kind, parts=parts, settings=settings, module=owner, columns=(0, hidden)),
        layout=layout,
    )


def _canonical(owner: str, short: Mapping[str, str], shapes: Shapes) -> Recognized | None:
    layout: dict[str, tuple[Piece, ...]] = {}
    for name in shapes:
        match = _CANONICAL.match(name.rpartition("/")[2])
        if not match:
            return None
        layout[match["part"]] = (whole(name, shapes[name]),)
    if not {"input_kernel", "recurrent_kernel"} <= layout.keys():
        return None
    reset = "after" if "candidate_bias" in layout or "bias" not in layout else "before"
    return _cell(owner, layout, reset=reset, reverse=owner.endswith("_reverse"))


def _fused(owner: str, short: Mapping[str, str], shapes: Shapes) -> Recognized | None:
    """flax.nnx: all gates in one array."""
    if not {"dense_i/kernel", "dense_h/kernel"} <= short.keys():
        return None
    layout: dict[str, tuple[Piece, ...]] = {}
    for native, part in (("dense_i/kernel", "input_kernel"), ("dense_h/kernel", "recurrent_kernel")):
        layout[part] = (whole(short[native], shapes[short[native]]),)
    for native in ("dense_i/bias", "dense_h/bias"):
        if native in short:
            layout["bias"] = (whole(short[native], shapes[short[native]]),)
    return _cell(owner, layout, reverse="backward" in owner)


def _split(owner: str, short: Mapping[str, str], shapes: Shapes) -> Recognized | None:
    """flax.linen, and the LSTM of flax.nnx that has an array for every gate."""
    f = "if_" if "if_/kernel" in short else "if"
    for gates in (("i", f[1:], "g", "o"), ("r", "z", "n")):
        if not all(
            f"{side}{gate}/kernel" in short
            for side in "ih"
            for gate in (gates if side == "i" else _bare(gates))
        ):
            continue

        def pieces(side: str, kind: str, names: tuple[str, ...]) -> tuple[Piece, ...]:
            found = [short.get(f"{side}{gate}/{kind}") for gate in names]
            return tuple(whole(name, shapes[name]) for name in found if name)

        layout: dict[str, tuple[Piece, ...]] = {
            "input_kernel": pieces("i", "kernel", gates),
            "recurrent_kernel": pieces("h", "kernel", _bare(gates)),
        }
        if len(gates) == 3:
            layout |= {"bias": pieces("i", "bias", gates), "candidate_bias": pieces("h", "bias", ("n",))}
        else:
            layout["bias"] = pieces("h", "bias", _bare(gates))
        return _cell(
            owner, {part: found for part, found in layout.items() if found}, reverse="backward" in owner
        )
    return None


def _bare(gates: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(gate.removesuffix("_") for gate in gates)


def _readout(owner: str, short: Mapping[str, str], shapes: Shapes) -> Recognized | None:
    names = {name.rpartition("/")[2]: name for name in shapes}
    if "readout_kernel" not in names or names.keys() - {"readout_kernel", "readout_bias"}:
        return None
    layout = {
        part: (whole(names[native], shapes[names[native]]),)
        for native, part in (("readout_kernel", "kernel"), ("readout_bias", "bias"))
        if native in names
    }
    return _plain(f"{owner}/readout" if owner else "readout", "dense", layout)


def _simple(owner: str, short: Mapping[str, str], shapes: Shapes) -> Recognized | None:
    for wanted, (kind, names) in _SIMPLE.items():
        if wanted in short and not short.keys() - names.keys() and len(shapes[short[wanted]]) <= 2:
            layout = {names[native]: (whole(name, shapes[name]),) for native, name in short.items()}
            return _plain(owner, kind, layout)
    return None


_SIMPLE = {
    "kernel": ("dense", {"kernel": "kernel", "bias": "bias"}),
    "embedding": ("embedding", {"embedding": "table"}),
    "scale": ("norm", {"scale": "scale", "bias": "offset"}),
}


def _plain(owner: str, kind: str, layout: Layout) -> Recognized:
    return Recognized(
        layer=Layer(name=owner, kind=kind, parts=shapes_of(layout), module=owner), layout=layout
    )
