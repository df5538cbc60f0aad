"""What the readout sees of the top layer's hidden states, and how the gradient comes back to them."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from adapters.interface import Array, ModelSpec, Span
from adapters.numpy_backend.buffers import aligned
from adapters.numpy_backend.layers import Call
from adapters.numpy_backend.levels import Directions, OrderOfLengths


class Reading(ABC):
    """Where the readout reads, and where it writes the gradient by what it has read.

    Shapes: readable (R, B, H'+1), without bias (R, B, H'); gradient (R, B, H'); R steps are read out, T or 1.
    """

    readable: Array
    gradient: Array

    def forward(self, span: Span) -> list[Call]:
        """What is done before the readout reads."""
        return []

    def backward(self, span: Span) -> list[Call]:
        """What is done after it has written its gradient."""
        return []

    @abstractmethod
    def read_gradients(self, span: Span) -> list[Array]:
        """Where the gradient by each direction's hidden states is then, of the last steps of a span."""


class InPlace(Reading):
    """One direction, whose hidden states are read where they are: every one of them, or the last."""

    def __init__(self, model: ModelSpec, top: Directions) -> None:
        (layer,) = top.directions
        read = steps_read(model, top.time_steps)
        self._first = top.time_steps - read
        self.readable = layer.readable[self._first :]
        self.gradient = aligned((read, top.batch, top.hidden), top.dtype)

    def read_gradients(self, span: Span) -> list[Array]:
        first = max(span.cut, self._first)
        return [self.gradient[first - self._first : span.stop - self._first]]


class Gathered(Reading):
    """Hidden states that are copied to one place first."""

    def __init__(self, model: ModelSpec, top: Directions, gradient_steps: int) -> None:
        self._top, read = top, steps_read(model, top.time_steps)
        self.readable = np.ones((read, top.batch, top.width + int(model.bias)), top.dtype)
        self._hidden = self.readable[..., : top.width]
        self.gradient = aligned((read, top.batch, top.width), top.dtype)
        self._gradients = [
            aligned((gradient_steps, top.batch, top.hidden), top.dtype) for _ in top.directions
        ]

    def forward(self, span: Span) -> list[Call]:
        return [self.gather]

    def backward(self, span: Span) -> list[Call]:
        return [self.scatter]

    def read_gradients(self, span: Span) -> list[Array]:
        return [gradient[max(0, len(gradient) - (span.stop - span.cut)) :] for gradient in self._gradients]

    @abstractmethod
    def gather(self) -> None:
        """Fill in what is readable."""

    @abstractmethod
    def scatter(self) -> None:
        """Fill in the gradient by each direction's hidden states."""


class EveryStep(Gathered):
    """Both directions side by side at every step."""

    def __init__(self, model: ModelSpec, top: Directions) -> None:
        super().__init__(model, top, top.time_steps)

    def gather(self) -> None:
        self._top.side_by_side(slice(None), self._hidden)

    def scatter(self) -> None:
        self._top.apart(self.gradient, self._gradients)


class LastStep(Gathered):
    """The last hidden state of both directions, each in its own order."""

    def __init__(self, model: ModelSpec, top: Directions) -> None:
        super().__init__(model, top, 1)

    def gather(self) -> None:
        for direction, part in zip(self._top.directions, self._top.parts, strict=True):
            self._hidden[0, :, part] = self._top.order.last(direction.hidden_states)

    def scatter(self) -> None:
        for gradient, part in zip(self._gradients, self._top.parts, strict=True):
            gradient[0] = self.gradient[0, :, part]


class LastValidStep(LastStep):
    """The same where sequences are of unlike length: a gradient may come in at any step."""

    def __init__(self, model: ModelSpec, top: Directions) -> None:
        Gathered.__init__(self, model, top, top.time_steps)

    def scatter(self) -> None:
        order = self._top.order
        assert isinstance(order, OrderOfLengths)
        for gradient, part in zip(self._gradients, self._top.parts, strict=True):
            order.put_last(self.gradient[0, :, part], gradient)


READINGS: dict[tuple[str, bool, bool], Callable[[ModelSpec, Directions], Reading]] = {
    ("every", False, False): InPlace,
    ("every", False, True): InPlace,
    ("every", True, False): EveryStep,
    ("every", True, True): EveryStep,
    ("last", False, False): InPlace,
    ("last", False, True): LastValidStep,
    ("last", True, False): LastStep,
    ("last", True, True): LastValidStep,
}
"""By readout, whether there are both directions, and whether there are lengths."""


def steps_read(model: ModelSpec, time_steps: int) -> int:
    """R, how many of a sequence's steps the model reads out: the last, or all."""
    return {"last": 1, "every": time_steps}[model.readout]
