"""Cells by hand whose gates have an array each, or a dense layer each: told by the gates' names."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from compare.port.records.interface import Layer
from compare.port.translation.layout import Layout, Piece, shapes_of
from compare.port.translation.recognized import Recognized

GATES = {"lstm": ("i", "f", "gc", "o"), "gru": ("r", "zu", "nhcg")}
"""By kind of cell: for each gate, in canonical order, the letters that it may have."""

WORDS = {
    "input": "i",
    "forget": "f",
    "candidate": "g",
    "cell": "g",
    "output": "o",
    "reset": "r",
    "update": "z",
}

Gates = Sequence[Recognized]
"""The arrays or dense layers of all gates, in canonical order."""


def gates_together(found: Sequence[Recognized]) -> tuple[Recognized, ...]:
    """The same layers, those that are one gate each taken together as a cell."""
    cells: dict[int, Recognized] = {}
    taken: set[int] = set()
    for owner in dict.fromkeys(_owner(each) for each in found):
        mine = {place: each for place, each in enumerate(found) if _owner(each) == owner}
        for kind in GATES:
            cell = _cell(owner, kind, list(mine.values()))
            if cell is not None:
                places = [place for place, each in mine.items() if _natives(cell) & _natives(each)]
                cells[places[0]] = cell
                taken |= set(places)
                break
    return tuple(
        cells.get(place, each) for place, each in enumerate(found) if place in cells or place not in taken
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matrices:
    """What the inputs are multiplied by, and the state; rows and columns exchanged where `turned`."""

    inputs: Gates
    state: Gates
    hidden: int
    turned: bool


def _cell(owner: str, kind: str, members: Gates) -> Recognized | None:
    for split in (_last_letter, _first_letter, _word):
        stems = _stems(kind, members, split)
        complete = {
            stem: gates
            for stem, named in stems.items()
            if (gates := _in_order(kind, named)) and len({_shape(each) for each in gates}) == 1
        }
        matrices = _matrices({stem: gates for stem, gates in complete.items() if len(_shape(gates[0])) == 2})
        if matrices is None:
            continue
        vectors = [gates for gates in complete.values() if _shape(gates[0]) == (matrices.hidden,)]
        alone = [
            each
            for named in stems.values()
            for letter, each in named.items()
            if len(named) == 1 and letter in GATES[kind][-1] and _shape(each) == (matrices.hidden,)
        ]
        return _recognized(owner, kind, matrices, vectors, alone if kind == "gru" else ())
    return None


def _owner(each: Recognized) -> str:
    """The name without what comes after its last separator."""
    return re.sub("(^|[./])[^./]*$", "", each.layer.name)


def _natives(each: Recognized) -> set[str]:
    return _natives_of(each.layout)


def _natives_of(layout: Layout) -> set[str]:
    return {piece.native for pieces in layout.values() for piece in pieces}


def _shape(each: Recognized) -> tuple[int, ...]:
    return tuple(each.layer.parts["kernel" if each.layer.kind == "dense" else "array"])


Split = Callable[[str], tuple[str, str]]


def _last_letter(name: str) -> tuple[str, str]:
    return name[:-1], name[-1:]


def _first_letter(name: str) -> tuple[str, str]:
    return name[1:], name[:1]


def _word(name: str) -> tuple[str, str]:
    for word, letter in WORDS.items():
        if word in name:
            return name.replace(word, ""), letter
    return name, ""


def _stems(kind: str, members: Gates, split: Split) -> dict[str, dict[str, Recognized]]:
    """By what is left of their names: those that are named as gates, by letter."""
    stems: dict[str, dict[str, Recognized]] = {}
    for each in members:
        if each.layer.kind in {"array", "dense"}:
            stem, letter = split(re.split("[./]", each.layer.name)[-1].lower())
            if letter and letter in "".join(GATES[kind]):
                stems.setdefault(stem, {}).setdefault(letter, each)
    return stems


def _in_order(kind: str, named: Mapping[str, Recognized]) -> list[Recognized]:
    """Those of all gates; empty where one is missing, or two are the same."""
    letters = [[letter for letter in named if letter in gate] for gate in GATES[kind]]
    return [named[each[0]] for each in letters] if all(len(each) == 1 for each in letters) else []


def _matrices(found: Mapping[str, Gates]) -> _Matrices | None:
    """Which of two sets of matrices the inputs are multiplied by."""
    if len(found) != 2:
        return None
    shapes = {stem: _shape(gates[0]) for stem, gates in found.items()}
    square = [stem for stem, (rows, columns) in shapes.items() if rows == columns]
    if not square:
        return None
    state = square[0] if len(square) == 1 else next(filter(sounds_recurrent, found), list(found)[1])
    inputs = next(stem for stem in found if stem != state)
    hidden = shapes[state][0]
    if hidden not in shapes[inputs]:
        return None
    turned = shapes[inputs][1] != hidden
    return _Matrices(inputs=found[inputs], state=found[state], hidden=hidden, turned=turned)


def sounds_recurrent(name: str) -> bool:
    """Whether an array's name is one that those have which multiply the state."""
    short = name.lower().replace("_", "").rpartition(".")[2].rpartition("/")[2]
    return any(part in short for part in ("hh", "wh", "bh", "rec", "h2h")) or short in {"u", "r", "h", "h2"}


def _recognized(
    owner: str, kind: str, matrices: _Matrices, vectors: Sequence[Gates], alone: Gates
) -> Recognized | None:
    layout = {
        "input_kernel": _pieces(matrices.inputs, turned=matrices.turned),
        "recurrent_kernel": _pieces(matrices.state, turned=matrices.turned),
    }
    biases = [
        tuple(each.layout["bias"][0] for each in gates)
        for gates in (matrices.inputs, matrices.state)
        if all("bias" in each.layout for each in gates)
    ]
    biases += [_pieces(gates) for gates in vectors]
    layout |= dict(zip(("bias", "recurrent_bias"), biases, strict=False))
    if kind == "gru" and "recurrent_bias" in layout:
        second = layout["recurrent_bias"]
        layout |= {"recurrent_bias": second[:2], "candidate_bias": second[2:]}
    elif alone and "bias" in layout:
        layout["candidate_bias"] = _pieces(alone[:1])
    members = [*matrices.inputs, *matrices.state, *chain.from_iterable(vectors), *alone]
    if set().union(*map(_natives, members)) != _natives_of(layout):
        return None
    still = {piece.native for each in members for part in each.layer.frozen for piece in each.layout[part]}
    frozen = {part: [piece.native in still for piece in pieces] for part, pieces in layout.items()}
    if any(any(stays) and not all(stays) for stays in frozen.values()):
        return None
    layer = Layer(
        name=owner or "cell",
        kind=kind,
        parts=shapes_of(layout),
        settings={"direction": "reverse" if "backward" in owner else "forward"},
        frozen=tuple(part for part, stays in frozen.items() if all(stays)),
        dtypes=tuple(dict.fromkeys(dtype for each in members for dtype in each.layer.dtypes)),
    )
    return Recognized(layer=layer, layout=layout)


def _pieces(gates: Gates, *, turned: bool = False) -> tuple[Piece, ...]:
    found = [each.layout.get("kernel", each.layout.get("array", ()))[0] for each in gates]
    return tuple(piece.transposed if turned else piece for piece in found)
