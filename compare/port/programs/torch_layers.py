"""The layers of `torch.nn`, and where their parameters lie."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from compare.port.records.interface import Layer, Setting
from compare.port.translation.gates import gates_together
from compare.port.translation.layout import Layout, Piece, shapes_of, whole
from compare.port.translation.recognized import Recognized, array_layer

RECURRENT = {nn.LSTM: ("lstm", 4), nn.GRU: ("gru", 3), nn.RNN: ("elman", 1)}
CELLS = {nn.LSTMCell: ("lstm", 4), nn.GRUCell: ("gru", 3), nn.RNNCell: ("elman", 1)}
Trained = Callable[[nn.Parameter], bool]


def layers_of(module: nn.Module, trained: Trained) -> tuple[Recognized, ...]:
    """Every layer in the order in which it is defined; parameters of no known layer as arrays."""
    found: list[Recognized] = []
    seen: set[int] = set()
    for name, each in module.named_modules():
        own = [parameter for _, parameter in each.named_parameters(recurse=False)]
        if not own or all(id(parameter) in seen for parameter in own):
            continue
        seen |= {id(parameter) for parameter in own}
        found += _read(name, each, trained)
    return gates_together(found)


def records(module: nn.Module) -> bool:
    """Whether what comes out of a module is recorded."""
    return isinstance(module, (*RECURRENT, *CELLS, nn.Linear, nn.Embedding, nn.LayerNorm))


def _read(name: str, module: nn.Module, trained: Trained) -> Iterator[Recognized]:
    prefix = f"{name}." if name else ""
    for known, (recurrent, gates) in (*RECURRENT.items(), *CELLS.items()):
        if isinstance(module, known) and not getattr(module, "proj_size", 0):
            reader = _recurrent if known in RECURRENT else _cell
            yield from reader(name or "module", prefix, module, recurrent, gates, trained)
            return
    for simple, (kind, names, transposed) in _SIMPLE.items():
        if isinstance(module, simple) and len(getattr(module, "normalized_shape", (1,))) == 1:
            layout: dict[str, tuple[Piece, ...]] = {}
            for native, part in names.items():
                parameter = getattr(module, native, None)
                if parameter is not None:
                    piece = whole(prefix + native, parameter.shape)
                    layout[part] = (piece.transposed if transposed and part == "kernel" else piece,)
            yield _recognized(name or "module", kind, layout, module, trained, _settings(module), name)
            return
    for native, parameter in module.named_parameters(recurse=False):
        yield array_layer(
            prefix + native, tuple(parameter.shape), frozen=not trained(parameter), dtype=_dtype(parameter)
        )


def _settings(module: nn.Module) -> dict[str, Setting]:
    if isinstance(module, nn.LayerNorm):
        return {"epsilon": module.eps}
    if isinstance(module, nn.Embedding):
        return {"padding_idx": module.padding_idx}
    return {"activation": "linear"}


_SIMPLE: dict[type[nn.Module], tuple[str, dict[str, str], bool]] = {
    nn.Linear: ("dense", {"weight": "kernel", "bias": "bias"}, True),
    nn.Embedding: ("embedding", {"weight": "table"}, False),
    nn.LayerNorm: ("norm", {"weight": "scale", "bias": "offset"}, False),
}


def _recurrent(
    name: str, prefix: str, module: Any, kind: str, gates: int, trained: Trained
) -> Iterator[Recognized]:
    ways = 2 if module.bidirectional else 1
    for level in range(module.num_layers):
        for way in range(ways):
            ending = f"_l{level}{'_reverse' if way else ''}"
            top = level == module.num_layers - 1
            yield _unit(
                f"{name}{ending}" if module.num_layers * ways > 1 else name,
                prefix, ending, module, kind, gates, trained,
                {"direction": "reverse" if way else "forward", "level": level},
                columns=(way * module.hidden_size, (way + 1) * module.hidden_size) if top else None,
                recorded=prefix.removesuffix("."),
            )  # fmt: skip


def _cell(
    name: str, prefix: str, module: Any, kind: str, gates: int, trained: Trained
) -> Iterator[Recognized]:
    columns = (0, module.hidden_size)
    yield _unit(
        name, prefix, "", module, kind, gates, trained, {"direction": "forward", "level": 0},
        columns=columns, recorded=prefix.removesuffix("."),
    )  # fmt: skip


def _unit(
    name: str, prefix: str, ending: str, module: nn.Module, kind: str, gates: int, trained: Trained,
    settings: dict[str, Setting], *, columns: tuple[int, int] | None, recorded: str,
) -> Recognized:  # fmt: skip
    def piece(native: str) -> Piece:
        return whole(f"{prefix}{native}{ending}", getattr(module, native + ending).shape)

    layout: dict[str, tuple[Piece, ...]] = {
        "input_kernel": (piece("weight_ih").transposed,),
        "recurrent_kernel": (piece("weight_hh").transposed,),
    }
    if module.bias:
        second = getattr(module, "bias_hh" + ending)
        layout["bias"] = (piece("bias_ih"),)
        if trained(second) or bool(second.detach().any()):
            layout |= _second_bias(kind, piece("bias_hh"), gates)
    settings |= {"activation": getattr(module, "nonlinearity", "tanh")}
    if kind != "elman":
        settings["recurrent_activation"] = "sigmoid"
    if kind == "gru":
        settings["reset"] = "after"
    return _recognized(name, kind, layout, module, trained, settings, recorded, columns)


def _second_bias(kind: str, piece: Piece, gates: int) -> dict[str, tuple[Piece, ...]]:
    if kind != "gru":
        return {"recurrent_bias": (piece,)}
    return {"recurrent_bias": (piece.blocks((0, 1), gates),), "candidate_bias": (piece.blocks((2,), gates),)}


def _recognized(
    name: str, kind: str, layout: Layout, module: nn.Module, trained: Trained,
    settings: dict[str, Setting], recorded: str, columns: tuple[int, int] | None = None,
) -> Recognized:  # fmt: skip
    parameters = {
        part: module.get_parameter(pieces[0].native.rpartition(".")[2]) for part, pieces in layout.items()
    }
    layer = Layer(
        name=name,
        kind=kind,
        parts=shapes_of(layout),
        settings=settings,
        frozen=tuple(part for part, parameter in parameters.items() if not trained(parameter)),
        dtypes=tuple(dict.fromkeys(_dtype(parameter) for parameter in parameters.values())),
        module=recorded,
        columns=columns,
    )
    return Recognized(layer=layer, layout=layout)


def _dtype(parameter: torch.Tensor) -> str:
    return str(parameter.dtype).removeprefix("torch.")
