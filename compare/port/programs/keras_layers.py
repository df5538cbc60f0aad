"""The layers of Keras, and where their parameters lie."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras

from compare.port.programs.keras_tree import inner_layers
from compare.port.records.interface import Layer, Setting
from compare.port.translation.gates import gates_together
from compare.port.translation.layout import Layout, Piece, shapes_of, whole
from compare.port.translation.recognized import Recognized, array_layer

L = keras.layers
CELLS = {L.LSTMCell: ("lstm", 4), L.GRUCell: ("gru", 3), L.SimpleRNNCell: ("elman", 1)}
SIMPLE = {
    L.Dense: ("dense", {"kernel": "kernel", "bias": "bias"}),
    L.Embedding: ("embedding", {"embeddings": "table"}),
    L.LayerNormalization: ("norm", {"gamma": "scale", "beta": "offset"}),
}
RECORDED = (L.RNN, L.Bidirectional, L.TimeDistributed, *SIMPLE, *CELLS)

Variables = dict[str, Any]


def layers_of(model: keras.Model, variables: Variables) -> tuple[Recognized, ...]:
    """Every layer in the model's order; variables of no known layer as arrays. Fills in `variables`."""
    return gates_together(list(_walk(model, variables, set())))


def _walk(layer: Any, variables: Variables, seen: set[int]) -> Iterator[Recognized]:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    if isinstance(layer, L.Bidirectional):
        yield from _bidirectional(layer, variables)
    elif isinstance(layer, L.RNN):
        yield from _recurrent(layer, variables, layer.name, layer.name)
    elif isinstance(layer, L.LSTMCell | L.GRUCell | L.SimpleRNNCell):
        yield _cell(layer, layer.name, variables, {"direction": "forward", "level": 0}, layer.name)
    elif isinstance(layer, L.TimeDistributed) and type(layer.layer) in SIMPLE:
        yield replace_module(_simple(layer.layer, variables), layer.name)
    elif type(layer) in SIMPLE or isinstance(layer, L.Dense):
        yield _simple(layer, variables)
    else:
        for variable in (*layer._trainable_variables, *layer._non_trainable_variables):
            if "seed" not in variable.name:
                name = _named(variables, variable)
                yield array_layer(
                    name, tuple(variable.shape), frozen=not variable.trainable, dtype=str(variable.dtype)
                )
        for inner in inner_layers(layer):
            yield from _walk(inner, variables, seen)


def replace_module(found: Recognized, module: str) -> Recognized:
    """The same layer, recorded where another module is."""
    return replace(found, layer=replace(found.layer, module=module))


def _bidirectional(layer: Any, variables: Variables) -> Iterator[Recognized]:
    side_by_side = layer.merge_mode == "concat"
    for way, inner in enumerate((layer.forward_layer, layer.backward_layer)):
        for each in _recurrent(inner, variables, f"{layer.name}/{inner.name}", layer.name):
            columns = each.layer.columns
            if columns and side_by_side:
                columns = (columns[0] + way * columns[1], columns[1] + way * columns[1])
            settings = {
                **each.layer.settings,
                "direction": "reverse" if way else "forward",
                "merge": layer.merge_mode,
            }
            known = columns if side_by_side else None
            yield replace(each, layer=replace(each.layer, columns=known, settings=settings))


def _recurrent(layer: Any, variables: Variables, name: str, module: str) -> Iterator[Recognized]:
    cells = layer.cell.cells if isinstance(layer.cell, L.StackedRNNCells) else [layer.cell]
    direction = "reverse" if layer.go_backwards else "forward"
    for level, cell in enumerate(cells):
        settings: dict[str, Setting] = {"direction": direction, "level": level}
        if isinstance(cell, tuple(CELLS)):
            top = level == len(cells) - 1
            full = f"{name}_l{level}" if len(cells) > 1 else name
            yield _cell(cell, full, variables, settings, module, top=top)
        else:
            yield from _walk(cell, variables, set())


def _cell(
    cell: Any, name: str, variables: Variables, settings: dict[str, Setting], module: str, *, top: bool = True
) -> Recognized:
    kind, gates = next(known for each, known in CELLS.items() if isinstance(cell, each))
    order = (1, 0, 2) if kind == "gru" else tuple(range(gates))  # Keras has z, r, h

    def piece(variable: Any) -> Piece:
        return whole(_named(variables, variable), tuple(variable.shape))

    layout: dict[str, tuple[Piece, ...]] = {
        "input_kernel": (piece(cell.kernel).blocks(order, gates),),
        "recurrent_kernel": (piece(cell.recurrent_kernel).blocks(order, gates),),
    }
    settings |= {"activation": activation_name(cell.activation)}
    if kind != "elman":
        settings["recurrent_activation"] = activation_name(cell.recurrent_activation)
    if kind == "gru":
        settings["reset"] = "after" if cell.reset_after else "before"
    if cell.use_bias and kind == "gru" and cell.reset_after:
        first, second = piece(cell.bias).row(0), piece(cell.bias).row(1)
        layout |= {
            "bias": (first.blocks(order, 3),),
            "recurrent_bias": (second.blocks((1, 0), 3),),
            "candidate_bias": (second.blocks((2,), 3),),
        }
    elif cell.use_bias:
        layout["bias"] = (piece(cell.bias).blocks(order, gates),)
    columns = (0, cell.units) if top else None
    return _recognized(name, kind, layout, variables, settings, module, columns)


def _simple(layer: Any, variables: Variables) -> Recognized:
    kind, names = next(known for each, known in SIMPLE.items() if isinstance(layer, each))
    layout: dict[str, tuple[Piece, ...]] = {}
    for native, part in names.items():
        variable = getattr(layer, native, None)
        if variable is not None:
            layout[part] = (whole(_named(variables, variable), tuple(variable.shape)),)
    settings: dict[str, Setting] = {}
    if kind == "dense":
        settings["activation"] = activation_name(layer.activation)
    if kind == "norm":
        settings["epsilon"] = layer.epsilon
    if kind == "embedding":
        settings["mask_zero"] = layer.mask_zero
    return _recognized(layer.name, kind, layout, variables, settings, layer.name)


def activation_name(function: Any) -> str:
    """The name of an activation, `linear` where there is none."""
    name = "linear" if function is None else getattr(function, "__name__", type(function).__name__)
    return "leaky_relu of slope 0.2" if name == "leaky_relu" else str(name)


def _recognized(
    name: str, kind: str, layout: Layout, variables: Variables, settings: dict[str, Setting],
    module: str, columns: tuple[int, int] | None = None,
) -> Recognized:  # fmt: skip
    mine = {part: variables[pieces[0].native] for part, pieces in layout.items()}
    layer = Layer(
        name=name,
        kind=kind,
        parts=shapes_of(layout),
        settings=settings,
        frozen=tuple(part for part, variable in mine.items() if not variable.trainable),
        dtypes=tuple(dict.fromkeys(str(variable.dtype) for variable in mine.values())),
        module=module,
        columns=columns,
    )
    return Recognized(layer=layer, layout=layout)


def _named(variables: Variables, variable: Any) -> str:
    """A variable's path, made unlike those of others."""
    for name, known in variables.items():
        if known is variable:
            return name
    name = str(variable.path)
    while name in variables:
        name += "'"
    variables[name] = variable
    return name
