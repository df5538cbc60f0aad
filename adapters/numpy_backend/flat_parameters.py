"""All parameters in one flat vector, [kernel | readout], each with its bias as the last row."""

import numpy as np

from adapters.interface import Array, ModelSpec
from adapters.numpy_backend.buffers import aligned
from adapters.parameters import shapes

GATE_ORDERS = {"elman": [0], "lstm": [0, 1, 3, 2]}
"""Where each canonical gate lies here; both orders are their own inverse. The LSTM's i, f, g, o become
i, f, o, g, so that the three gates with a sigmoid lie together."""

_KERNEL = ("input_kernel", "recurrent_kernel", "bias")
_READOUT = ("readout_kernel", "readout_bias")


def pack(model: ModelSpec, parameters: dict[str, Array]) -> Array:
    """The flat vector of canonical parameters.

    Raises: KeyError for a cell whose gate order is not known here.
    """
    kernel = np.concatenate([np.atleast_2d(parameters[name]) for name in _KERNEL if name in parameters])
    readout = np.concatenate([np.atleast_2d(parameters[name]) for name in _READOUT if name in parameters])
    flat = aligned((kernel.size + readout.size,), kernel.dtype)
    return np.concatenate([_reordered(model, kernel).ravel(), readout.ravel()], out=flat)


def unpack(model: ModelSpec, flat: Array) -> dict[str, Array]:
    """The canonical parameters of a flat vector, as copies."""
    kernel, readout = split(model, flat)
    rows = _reordered(model, kernel)
    D, H = model.inputs, model.hidden
    parts = {
        "input_kernel": rows[:D],
        "recurrent_kernel": rows[D : D + H],
        "bias": rows[-1],
        "readout_kernel": readout[:H],
        "readout_bias": readout[-1],
    }
    return {name: parts[name].copy() for name in shapes(model)}


def split(model: ModelSpec, flat: Array) -> tuple[Array, Array]:
    """Views of a flat vector: the kernel [W; U; b] and the readout [V; d].

    Shapes: (D+H+1, G·H) and (H+1, K); a row less each without bias.
    """
    border = flat.size - model.outputs * (model.hidden + int(model.bias))
    return flat[:border].reshape(-1, model.gates * model.hidden), flat[border:].reshape(-1, model.outputs)


def _reordered(model: ModelSpec, kernel: Array) -> Array:
    gates = kernel.reshape(len(kernel), -1, model.hidden)
    return gates[:, GATE_ORDERS[model.cell]].reshape(len(kernel), -1)
