"""The way forward alone, for sequences whose steps need not be kept."""

import numpy as np

from adapters.interface import Array, ModelSpec
from adapters.numpy_backend.cells import CELLS
from adapters.numpy_backend.flat_parameters import split
from adapters.numpy_backend.layers import by_rows
from adapters.numpy_backend.levels import Order, OrderOfLengths
from adapters.parameters import layers


def predict(model: ModelSpec, parameters: Array, inputs: Array, lengths: Array | None) -> Array:
    """The outputs at every step that the model reads out.

    Shapes: parameters flat; inputs (B, T, D); lengths (B,) -> (B, R, K) with R = 1 or T.
    """
    batch, time_steps, _ = inputs.shape
    order = order_of(time_steps, batch, lengths, parameters.dtype)
    hidden_states = CELLS[model.cell, model.activation, model.reset].hidden_states
    each, readout = split(model, parameters)
    arrays, values = iter(each), inputs.swapaxes(0, 1)
    for level in layers(model):
        states = [
            hidden_states(model, next(arrays), order.turned(values) if layer.reverse else values)
            for layer in level
        ]
        in_order = [
            order.turned(state[1:]) if layer.reverse else state[1:]
            for layer, state in zip(level, states, strict=True)
        ]
        values = np.concatenate(in_order, axis=-1)
    last = np.concatenate([order.last(state) for state in states], axis=-1)
    hidden = {"last": last[np.newaxis], "every": values}[model.readout]
    readable = np.ones((*hidden.shape[:2], len(readout)), parameters.dtype)
    readable[..., : model.width] = hidden
    outputs: Array = by_rows(readable) @ readout
    return outputs.reshape(len(readable), batch, model.outputs).swapaxes(0, 1)


def order_of(time_steps: int, batch: int, lengths: Array | None, dtype: "np.dtype[np.floating]") -> Order:
    """The order of sequences that all have T steps, or have these lengths."""
    if lengths is None:
        return Order()
    order = OrderOfLengths(time_steps, batch, dtype)
    order.take(lengths)
    return order
