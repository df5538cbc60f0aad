"""All parameters in one flat vector: layer by layer [kernel | candidate bias], then the readout."""

from dataclasses import dataclass

import numpy as np

from adapters.interface import Array, ModelSpec
from adapters.numpy_backend.buffers import aligned
from adapters.parameters import Layer, layers, shapes

GATE_ORDERS = {"elman": [0], "lstm": [0, 1, 3, 2], "gru": [0, 1, 2]}
"""Where each canonical gate lies here; each order is its own inverse. The LSTM's i, f, g, o become
i, f, o, g, so that the three gates with a sigmoid lie together."""

_KERNEL = ("input_kernel", "recurrent_kernel", "bias")
_READOUT = ("readout_kernel", "readout_bias")


@dataclass(frozen=True, slots=True)
class LayerArrays:
    """The parameters of one layer in one direction, or their gradient: views of a flat vector.

    Shapes: kernel (D+H+1, G·H), the rows of W, U and b; candidate_bias (H,) or (0,); a row less without bias.
    """

    kernel: Array
    candidate_bias: Array


def pack(model: ModelSpec, parameters: dict[str, Array]) -> Array:
    """The flat vector of canonical parameters.

    Raises: KeyError for a cell whose gate order is not known here.
    """
    parts = []
    for layer in _all(model):
        own = layer.of(parameters)
        kernel = np.concatenate([np.atleast_2d(own[kind]) for kind in _KERNEL if kind in own])
        parts += [_reordered(model, kernel).ravel(), *(own[kind] for kind in own if kind not in _KERNEL)]
    parts += [parameters[name].ravel() for name in _READOUT if name in parameters]
    flat = aligned((sum(part.size for part in parts),), parts[0].dtype)
    return np.concatenate(parts, out=flat)


def unpack(model: ModelSpec, flat: Array) -> dict[str, Array]:
    """The canonical parameters of a flat vector, as copies."""
    parts, (layer_arrays, readout) = {}, split(model, flat)
    H = model.hidden
    for layer, arrays in zip(_all(model), layer_arrays, strict=True):
        rows, D = _reordered(model, arrays.kernel), layer.inputs
        own = {
            "input_kernel": rows[:D],
            "recurrent_kernel": rows[D : D + H],
            "bias": rows[-1],
            "candidate_bias": arrays.candidate_bias,
        }
        parts.update({kind + layer.suffix: own[kind] for kind in layer.shapes})
    parts.update({"readout_kernel": readout[: model.width], "readout_bias": readout[-1]})
    return {name: parts[name].copy() for name in shapes(model)}


def split(model: ModelSpec, flat: Array) -> tuple[list[LayerArrays], Array]:
    """Views of a flat vector: the layers from below, each direction of each, and the readout [V; d].

    Shapes: the readout (H'+1, K), a row less without bias.
    """
    found, start, columns = [], 0, model.gates * model.hidden
    for layer in _all(model):
        stop = start + (layer.inputs + model.hidden + int(model.bias)) * columns
        end = stop + (model.hidden if "candidate_bias" in layer.shapes else 0)
        found.append(LayerArrays(flat[start:stop].reshape(-1, columns), flat[stop:end]))
        start = end
    return found, flat[start:].reshape(-1, model.outputs)


def _all(model: ModelSpec) -> list[Layer]:
    return [layer for level in layers(model) for layer in level]


def _reordered(model: ModelSpec, kernel: Array) -> Array:
    gates = kernel.reshape(len(kernel), -1, model.hidden)
    return gates[:, GATE_ORDERS[model.cell]].reshape(len(kernel), -1)
