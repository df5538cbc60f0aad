"""Parts of the NumPy adapter with one typical mistake each: cells, losses, state, reach of the gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np

from adapters.interface import Array, Span
from adapters.numpy_cells import Cell, Elman, Lstm
from adapters.numpy_losses import LOSSES
from adapters.numpy_network import Network

BEGIN, DIFFERENTIATE, BACKWARD, LSTM_STEP = Network.begin, Network.differentiate, Cell.backward, Lstm.step


def ignore_bias(network: Network, inputs: Array, targets: Array | None = None) -> None:
    network._cell.readable[:, network._hidden_rows.shape[0] :] = 0
    BEGIN(network, inputs, targets)


def ignore_forget_bias(cell: Lstm, t: int) -> None:
    H = len(cell.hidden[t])
    if cell.readable.shape[1] > H:
        cell.gates[t, H : 2 * H] -= cell.kernel[H : 2 * H, -1:]
    LSTM_STEP(cell, t)


def add_one_to_forget_gate(cell: Lstm, t: int) -> None:
    H = len(cell.hidden[t])
    cell.gates[t, H : 2 * H] += 1
    LSTM_STEP(cell, t)


def leave_memory_unsquashed(cell: Lstm, t: int) -> None:
    LSTM_STEP(cell, t)
    np.multiply(cell._split(t)[2], cell._memory[t + 1], out=cell.hidden[t + 1])


def divide_infinities(cell: Lstm, t: int) -> None:
    gates = cell._split(t).copy()
    LSTM_STEP(cell, t)
    with np.errstate(all="ignore"):
        cell.hidden[t + 1] *= np.exp(gates[2]) / (1 + np.exp(gates[2])) / cell._split(t)[2]


class ExchangedElman(Elman):
    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._sigmoid = not self._sigmoid


def forget_mean_over_steps(cell: Cell, cut: int, stop: int, read: slice, read_gradient: Array) -> None:
    BACKWARD(cell, cut, stop, read, read_gradient)
    cell.gradient /= stop - cut


def scaled(scale: Callable[[Array], float], *, gradient_too: bool = True) -> dict[str, Any]:
    """Both losses, and their gradients, times a factor that depends on the outputs (R, K, B)."""

    def wrong(right: Any) -> Any:
        def loss(outputs: Array, targets: Array) -> tuple[float, Array]:
            value, gradient = right(outputs, targets)
            return value * scale(outputs), gradient * (scale(outputs) if gradient_too else 1)

        return loss

    return {name: wrong(right) for name, right in LOSSES.items()}


def naive_softmax(outputs: Array, targets: Array) -> tuple[float, Array]:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        probabilities = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
        chosen = np.take_along_axis(probabilities, targets[:, None], axis=1)
        np.put_along_axis(probabilities, targets[:, None], chosen - 1, axis=1)
        return -float(np.log(chosen).sum()), probabilities


def carry_hidden_over(network: Network, inputs: Array, targets: Array | None = None) -> None:
    network._cell.hidden[0] = network._cell.hidden[-1]
    BEGIN(network, inputs, targets)


def carry_memory_over(network: Network, inputs: Array, targets: Array | None = None) -> None:
    if isinstance(network._cell, Lstm):
        network._cell._memory[0] = network._cell._memory[-1]
    BEGIN(network, inputs, targets)


def reach_back_to_start(network: Network, span: Span, batch: int) -> float:
    return DIFFERENTIATE(network, span if network._every else span._replace(cut=span.start), batch)


def reach_one_step_less(cell: Cell, cut: int, stop: int, read: slice, read_gradient: Array) -> None:
    BACKWARD(cell, min(cut + 1, stop - 1) if cut else cut, stop, read, read_gradient)


def reset_memory(network: Network, span: Span, batch: int) -> float:
    if isinstance(network._cell, Lstm):
        network._cell._memory[span.start] = 0
    return DIFFERENTIATE(network, span, batch)


def reset_hidden(network: Network, span: Span, batch: int) -> float:
    network._cell.hidden[span.start] = 0
    return DIFFERENTIATE(network, span, batch)
