"""Modules of flax.nnx: their layers, what goes through them, and how they are made deterministic."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import jax.numpy as jnp
import numpy as np

from compare.port.records.interface import Recorded, Setting
from compare.port.translation.recognized import Recognized, stacked

RECORDED = (
    "RNN", "Bidirectional", "LSTMCell", "OptimizedLSTMCell", "GRUCell", "SimpleCell",
    "Linear", "Embed", "LayerNorm",
)  # fmt: skip


def is_module(value: Any) -> bool:
    """Whether it is a module of flax.nnx; flax is not imported to find out."""
    nnx = sys.modules.get("flax.nnx")
    return nnx is not None and isinstance(value, nnx.Module)


def split(module: Any) -> tuple[Any, Any, Any]:
    """Its structure, its parameters, and the rest of its state."""
    from flax import nnx  # noqa: PLC0415 - an extra

    parts: tuple[Any, Any, Any] = nnx.split(module, nnx.Param, ...)
    return parts


def merge(graph: Any, parameters: Any, rest: Any) -> Any:
    """The module that `split` was given, with other parameters."""
    from flax import nnx  # noqa: PLC0415

    return nnx.merge(graph, parameters, rest, copy=True)  # else of another level of tracing


def modules(module: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """A module and all inside it, with their paths, in the order in which they were defined."""
    yield path, module
    for name, value in vars(module).items():
        members = (
            enumerate(value) if isinstance(value, Sequence) and not isinstance(value, str) else [("", value)]
        )
        for place, member in members:
            if is_module(member):
                yield from modules(member, "/".join(str(part) for part in (path, name, place) if str(part)))


def without_dropout(module: Any) -> list[tuple[str, float]]:
    """Switch off all dropout; return where it was, and its rate."""
    rates = []
    for path, each in modules(module):
        if type(each).__name__ == "Dropout" and each.rate:
            if not each.deterministic:
                rates.append((path, float(each.rate)))
            each.rate = 0.0
    return rates


def keep_in(module: Any, dtype: str) -> None:
    """Have states begin in this dtype, as parameters will be."""
    for _, each in modules(module):
        if hasattr(each, "param_dtype"):
            each.param_dtype = jnp.dtype(dtype)
        kind = type(each).__name__
        if kind in {"SimpleCell", "Embed"}:  # whose dtype is float32 where none is asked for
            each.dtype = jnp.dtype(dtype)
        if kind == "SimpleCell":
            each.dense_i.dtype = each.dense_h.dtype = jnp.dtype(dtype)


def with_settings(module: Any, found: Sequence[Recognized]) -> tuple[Recognized, ...]:
    """Layers with what their modules say of them, in the order of the modules."""
    known = dict(modules(module))
    order = {path: place for place, path in enumerate(known)}

    def place(each: Recognized) -> int:
        return order.get(each.layer.name, len(order))

    return tuple(_with_settings(each, known) for each in sorted(found, key=place))


def _with_settings(each: Recognized, known: Mapping[str, Any]) -> Recognized:
    module = known.get(each.layer.name)
    if module is None:
        return each
    settings: dict[str, Setting] = dict(each.layer.settings)
    match each.layer.kind:
        case "lstm" | "gru":
            settings |= {
                "activation": _name(module.activation_fn), "recurrent_activation": _name(module.gate_fn)
            }  # fmt: skip
        case "elman":
            settings["activation"] = _name(module.activation_fn)
        case "norm":
            settings["epsilon"] = module.epsilon
        case "dense":
            settings["activation"] = "linear"
    outer, _, last = each.layer.name.rpartition("/")
    recorded, columns = each.layer.module, each.layer.columns
    while last in {"cell", "forward_rnn", "backward_rnn"} and type(known.get(outer)).__name__ in {
        "RNN",
        "Bidirectional",
    }:
        if last == "backward_rnn":
            settings["direction"] = "reverse"
            columns = columns and (columns[1], 2 * columns[1])
        elif getattr(known[outer], "reverse", False):
            settings["direction"] = "reverse"
        recorded = outer
        outer, _, last = outer.rpartition("/")
    return replace(each, layer=replace(each.layer, settings=settings, module=recorded, columns=columns))


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


@contextmanager
def recording(model: Any, found: dict[str, Recorded]) -> Iterator[None]:
    """Record what goes through each module that is not inside another which is recorded."""
    from flax import nnx  # noqa: PLC0415

    paths = {id(each): path for path, each in modules(model)}
    calls: dict[str, tuple[list[Any], list[Any]]] = {}
    depth = 0

    def wrapped(original: Any, cell: bool) -> Any:
        def call(module: Any, *arguments: Any, **options: Any) -> Any:
            nonlocal depth
            depth += 1
            try:
                outputs = original(module, *arguments, **options)
            finally:
                depth -= 1
            if not depth and id(module) in paths:
                before, after = calls.setdefault(paths[id(module)], ([], []))
                before.append(np.array(arguments[1 if cell else 0]))
                after.append(np.array(outputs[1] if isinstance(outputs, tuple) else outputs))
            return outputs

        return call

    with ExitStack() as stack:
        for name in RECORDED:
            kind = getattr(nnx, name)
            stack.enter_context(patch.object(kind, "__call__", wrapped(kind.__call__, name.endswith("Cell"))))
        yield
    for path, (before, after) in calls.items():
        found[path] = Recorded(inputs=stacked(before), outputs=stacked(after))
