"""What a layer hands on to the one above, in whatever directions both read, and what comes back."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy import add

from adapters.interface import Array, Span
from adapters.numpy_backend.buffers import aligned
from adapters.numpy_backend.layers import Call, DirectedLayer


class Order:
    """The time steps of a batch whose sequences all have T: turned back to front, the last is the first."""

    def turned(self, values: Array) -> Array:
        """(T, B, …) in the other direction's order; turned twice it is what it was."""
        return values[::-1]

    def last(self, hidden_states: Array) -> Array:
        """The hidden states (T+1, B, H) after the last valid step, (B, H)."""
        state: Array = hidden_states[-1]
        return state


class OrderOfLengths(Order):
    """The same where sequences are of unlike length: each is turned in itself, and padding stays where it is.

    In either direction padding comes last. Nothing that is computed there is ever read, so that cells need
    not know of it: it has no loss, and no gradient comes back from it.
    """

    def __init__(self, time_steps: int, batch: int, dtype: np.dtype[Any]) -> None:
        self._steps, self._columns = np.arange(time_steps)[:, np.newaxis], np.arange(batch)
        self.valid = np.ones((time_steps, batch), dtype)

    def take(self, lengths: Array) -> None:
        """Go by these lengths from now on, (B,)."""
        self._lengths = lengths
        within = self._steps < lengths
        self.valid[:] = within
        self._turned = np.where(within, lengths - 1 - self._steps, self._steps)

    def turned(self, values: Array) -> Array:
        turned: Array = values[self._turned, self._columns]
        return turned

    def last(self, hidden_states: Array) -> Array:
        state: Array = hidden_states[self._lengths, self._columns]
        return state

    def put_last(self, gradient: Array, out: Array) -> None:
        """Fill in the gradient (T, B, H) by all hidden states from that by the last of each, (B, H)."""
        out.fill(0)
        out[self._lengths - 1, self._columns] = gradient


class Directions:
    """A layer's directions, forward first, with the order that their steps have."""

    def __init__(self, directions: Sequence[DirectedLayer], order: Order) -> None:
        self.directions, self.order = directions, order
        self.time_steps, self.batch, self.inputs = directions[0].inputs.shape
        self.hidden = directions[0].hidden_states.shape[2]
        self.width = self.hidden * len(directions)
        self.parts = [slice(self.hidden * n, self.hidden * (n + 1)) for n in range(len(directions))]
        self.dtype = directions[0].inputs.dtype

    def read(self, values: Array, steps: slice) -> None:
        """Hand values (steps, B, D) to every direction, each in its own order."""
        for number, direction in enumerate(self.directions):
            direction.inputs[steps] = values if number == 0 else self.order.turned(values)

    def side_by_side(self, steps: slice, out: Array) -> None:
        """The hidden states of both directions in the order of the forward one, (steps, B, H')."""
        for number, (direction, part) in enumerate(zip(self.directions, self.parts, strict=True)):
            hidden = direction.hidden_states[1:][steps]
            out[..., part] = hidden if number == 0 else self.order.turned(hidden)

    def apart(self, gradient: Array, outs: Sequence[Array]) -> None:
        """A gradient by hidden states side by side, for each direction in its own order, (steps, B, H)."""
        for number, (out, part) in enumerate(zip(outs, self.parts, strict=True)):
            out[:] = gradient[..., part] if number == 0 else self.order.turned(gradient[..., part])


class Seam:
    """Between a layer and the one above."""

    def __init__(self, below: Directions, above: Directions) -> None:
        self._below, self._above = below, above
        shape = (below.time_steps, below.batch)
        self._handed_on = aligned((*shape, below.width), below.dtype)
        self._inputs_gradients = [aligned((*shape, below.width), below.dtype) for _ in above.directions]
        self._read_gradients = [aligned((*shape, below.hidden), below.dtype) for _ in below.directions]

    def forward(self, span: Span) -> Call:
        """What is done before the layer above goes forward."""
        steps = slice(span.start, span.stop)

        def hand_on() -> None:
            self._below.side_by_side(steps, self._handed_on[steps])
            self._above.read(self._handed_on[steps], steps)

        return hand_on

    def backward(self, span: Span) -> list[Call]:
        """What is done after the layer above has gone back: its gradient by what it has read."""
        reached, order = slice(span.cut, span.stop), self._above.order

        def hand_back() -> None:
            gradient, *reverse = (each[reached] for each in self._inputs_gradients)
            for each in reverse:
                add(gradient, order.turned(each), gradient)
            self._below.apart(gradient, [each[reached] for each in self._read_gradients])

        gradients = zip(self._above.directions, self._inputs_gradients, strict=True)
        return [*(layer.inputs_gradient(span, each[reached]) for layer, each in gradients), hand_back]

    def read_gradients(self, span: Span) -> list[Array]:
        """Where the gradient by each direction's hidden states is then, for the layer below."""
        return [each[span.cut : span.stop] for each in self._read_gradients]
