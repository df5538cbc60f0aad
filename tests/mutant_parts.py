"""Parts of the NumPy adapter with one typical mistake each: cells, losses, state, reach of the gradient."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from adapters.interface import Array, ModelSpec, Span
from adapters.numpy_backend.calls import Calls
from adapters.numpy_backend.cells import Cell, Lstm, SigmoidElman, TanhElman, cell_type
from adapters.numpy_backend.losses import SoftmaxCrossEntropy
from adapters.numpy_backend.network import Network

BEGIN, DIFFERENTIATE, UPDATE = Network.begin, Network.differentiate, Network.update
FORWARD, LSTM_STEP = Cell.forward, Lstm.step


def ignore_bias(cell: Cell, start: int, stop: int) -> Calls:
    yield partial(cell.stacked[..., cell.inputs.shape[2] + cell.hidden.shape[2] :].fill, 0)
    yield from FORWARD(cell, start, stop)


def ignore_forget_bias(cell: Lstm, t: int) -> Calls:
    product, *rest = LSTM_STEP(cell, t)
    yield product
    if cell.stacked.shape[2] > cell.inputs.shape[2] + cell.hidden.shape[2]:
        yield partial(np.subtract, cell.gates[t, 1], cell._scaled_kernel[1, -1], cell.gates[t, 1])
    yield from rest


def add_one_to_forget_gate(cell: Lstm, t: int) -> Calls:
    product, *rest = LSTM_STEP(cell, t)
    yield product
    yield partial(np.add, cell.gates[t, 1], 0.5, cell.gates[t, 1])
    yield from rest


def leave_memory_unsquashed(cell: Lstm, t: int) -> Calls:
    yield from LSTM_STEP(cell, t)
    yield partial(np.multiply, cell.gates[t, 2], cell.memory[t + 1], cell.hidden[t + 1])


def divide_infinities(cell: Lstm, t: int) -> Calls:
    halved = np.empty_like(cell.gates[t, 2])
    product, *rest = LSTM_STEP(cell, t)
    yield product
    yield partial(np.copyto, halved, cell.gates[t, 2])
    yield from rest

    def naive_sigmoid() -> None:
        with np.errstate(all="ignore"):
            exponential = np.exp(2 * halved)
            cell.hidden[t + 1] *= exponential / (1 + exponential) / cell.gates[t, 2]

    yield naive_sigmoid


def exchanged_cell_type(model: ModelSpec) -> type[Cell]:
    exchanged: dict[type[Cell], type[Cell]] = {TanhElman: SigmoidElman, SigmoidElman: TanhElman, Lstm: Lstm}
    return exchanged[cell_type(model)]


def forget_mean_over_steps(network: Network, span: Span) -> Calls:
    yield from UPDATE(network, span)
    gradient = network._kernel_gradient
    yield partial(np.divide, gradient, span.stop - span.cut, gradient)


def scaled(scale: Callable[[Array], float], *, gradient_too: bool = True) -> type[Network]:
    """A network with its losses and their gradients times a factor that depends on the outputs (R, B, K)."""

    class Scaled(Network):
        def losses(self) -> Array:
            return super().losses() * scale(self._outputs)

        def update(self, span: Span) -> Calls:
            yield from super().update(span)
            if gradient_too:
                yield partial(np.multiply, self.gradient, scale(self._outputs), self.gradient)

    return Scaled


class NaiveSoftmax(SoftmaxCrossEntropy):
    def _probabilities(self, outputs: Array) -> Any:
        with np.errstate(over="ignore", invalid="ignore"):
            return np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)

    def values(self, outputs: Array, targets: Array) -> Array:
        with np.errstate(divide="ignore"):
            return -np.log(self._probabilities(outputs)[np.arange(len(targets)), targets])

    def _gradient(self, outputs: Array, targets: Array, result: Array) -> None:
        result[:] = self._probabilities(outputs)
        result[np.arange(len(targets)), targets] -= 1


def carry_hidden_over(network: Network, inputs: Array, targets: Array) -> None:
    network._cell.hidden[0] = network._cell.hidden[-1]
    BEGIN(network, inputs, targets)


def carry_memory_over(network: Network, inputs: Array, targets: Array) -> None:
    if isinstance(network._cell, Lstm):
        network._cell.memory[0] = network._cell.memory[-1]
    BEGIN(network, inputs, targets)


def reach_back_to_start(network: Network, span: Span) -> None:
    DIFFERENTIATE(network, span._replace(cut=span.start) if network._first_read else span)


def reach_one_step_less(network: Network, span: Span) -> None:
    truncated = span.cut > span.start
    DIFFERENTIATE(network, span._replace(cut=min(span.cut + 1, span.stop - 1)) if truncated else span)


def reset_memory(network: Network, span: Span) -> None:
    if isinstance(network._cell, Lstm):
        network._cell.memory[span.start] = 0
    DIFFERENTIATE(network, span)


def reset_hidden(network: Network, span: Span) -> None:
    network._cell.hidden[span.start] = 0
    DIFFERENTIATE(network, span)
