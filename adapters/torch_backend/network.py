"""Layers on layers, in one direction or both, over sequences that may be padded on the right.

The reverse direction is a layer that reads the valid steps of each sequence from the last to the first.
Padding comes last in either order, so that no valid step is reached by what a layer makes of it; it is
enough that nothing reads the hidden states there.
"""

import torch
from torch import Tensor

from adapters.interface import ModelSpec
from adapters.parameters import layers
from adapters.torch_backend.layers import STATE_PARTS, Layer, State, Tensors

States = tuple[State, ...]
"""The state of every layer from below, each with its directions, forward first."""


class Network:
    """A model's recurrent layers, run by one function for a layer."""

    def __init__(self, model: ModelSpec, parameters: Tensors, layer: Layer) -> None:
        self._model, self._layer = model, layer
        self._levels = [
            [
                (direction.reverse, {kind: parameters[kind + direction.suffix] for kind in direction.shapes})
                for direction in level
            ]
            for level in layers(model)
        ]

    def zero_states(self, inputs: Tensor) -> States:
        """The states before the first step."""
        zeros = inputs.new_zeros((len(inputs), self._model.hidden))
        return tuple((zeros,) * STATE_PARTS[self._model.cell] for level in self._levels for _ in level)

    def run(self, sequence: Tensor, states: States, lengths: Tensor | None) -> tuple[Tensor, States]:
        """(B, T, D) and the states before -> hidden states of the top layer (B, T, H') and states after."""
        before, after = iter(states), []
        for level in self._levels:
            directions = []
            for reverse, parameters in level:
                read = in_reverse(sequence, lengths) if reverse else sequence
                hidden, state = self._layer(self._model, parameters, read, next(before))
                directions.append(in_reverse(hidden, lengths) if reverse else hidden)
                after.append(state)
            sequence = torch.cat(directions, 2) if self._model.bidirectional else directions[0]
        return sequence, tuple(after)


def in_reverse(sequence: Tensor, lengths: Tensor | None) -> Tensor:
    """The valid steps of each sequence from the last to the first; those beyond stay where they are.

    Shapes: sequence (B, T, width); lengths (B,).
    """
    if lengths is None:
        return sequence.flip(1)
    steps = torch.arange(sequence.shape[1], device=sequence.device)
    order = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
    return sequence.gather(1, order[:, :, None].expand_as(sequence))
