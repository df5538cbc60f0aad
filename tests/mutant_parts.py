"""Parts of the NumPy adapter with one typical mistake each: cells, losses, state, reach of the gradient."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from adapters.interface import Array, ModelSpec, Span
from adapters.numpy_backend.losses import LOSSES
from adapters.numpy_backend.lstm import Lstm, LstmGradient
from adapters.numpy_backend.network import CELLS, Backpropagation
from adapters.numpy_backend.recurrence import StackedRows

STACK, BEGIN, DIFFERENTIATE = StackedRows.__init__, Backpropagation.begin, Backpropagation.differentiate


def ignore_bias(stacked: StackedRows, model: ModelSpec, *arguments: Any) -> None:
    STACK(stacked, model, *arguments)
    stacked.rows[..., model.inputs + model.hidden :] = 0


def lstm(forward: type[Lstm]) -> dict[tuple[str, str], Any]:
    return {**CELLS, ("lstm", "tanh"): (forward, LstmGradient)}


class OtherForgetBias(Lstm):
    """The forget gate's bias, where there is one, replaced while the cell runs forward."""

    def __init__(self, model: ModelSpec, kernel: Array) -> None:
        super().__init__(model, kernel)
        self._forget_bias = self._kernel_by_gate[1, -1] if model.bias else np.zeros(0)

    def other(self, bias: Array) -> Array:
        raise NotImplementedError

    def forward(self, steps: Iterable[Any]) -> None:
        bias = self._forget_bias.copy()
        self._forget_bias[:] = self.other(bias)
        super().forward(steps)
        self._forget_bias[:] = bias


class NoForgetBias(OtherForgetBias):
    def other(self, bias: Array) -> Array:
        return 0 * bias


class GreaterForgetBias(OtherForgetBias):
    def other(self, bias: Array) -> Array:
        return bias + 1


class NoTanhOfCellState(Lstm):
    def forward(self, steps: Iterable[Any]) -> None:
        for rows, hidden, values in steps:
            super().forward([(rows, hidden, values)])
            _, _, _, _, o, _, _, cell_state, _, _ = values
            np.multiply(o, cell_state, hidden)


class NaiveSigmoid(Lstm):
    def forward(self, steps: Iterable[Any]) -> None:
        for rows, hidden, values in steps:
            super().forward([(rows, hidden, values)])
            _, _, _, _, _, _, _, _, tanh_cell_state, _ = values
            with np.errstate(all="ignore"):
                exponential = np.exp(rows @ self._kernel_by_gate[2])
                np.multiply(exponential / (1 + exponential), tanh_cell_state, hidden)


EXCHANGED_ACTIVATIONS = {
    ("elman", "tanh"): CELLS["elman", "sigmoid"],
    ("elman", "sigmoid"): CELLS["elman", "tanh"],
    ("lstm", "tanh"): CELLS["lstm", "tanh"],
}


def forget_mean_over_steps(backpropagation: Backpropagation, update: int) -> None:
    DIFFERENTIATE(backpropagation, update)
    reached = backpropagation._updates[update].rows_columns.shape[1] / backpropagation.batch
    backpropagation._kernel_gradient /= reached


def scaled(scale: Callable[[Array], float], *, gradient_too: bool = True) -> type[Backpropagation]:
    """The losses and their gradients times a factor that depends on the outputs (R, B, K)."""

    class Scaled(Backpropagation):
        def losses(self) -> Array:
            return super().losses() * scale(self._outputs)

        def differentiate(self, update: int) -> None:
            super().differentiate(update)
            if gradient_too:
                self.gradient *= scale(self._outputs)

    return Scaled


def naive_softmax(outputs: Array) -> Any:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)


def naive_cross_entropies(outputs: Array, targets: Array) -> Array:
    with np.errstate(divide="ignore"):
        return -np.log(naive_softmax(outputs)[np.arange(len(targets)), targets])


def naive_cross_entropy_gradient(outputs: Array, targets: Array, out: Array) -> None:
    out[:] = naive_softmax(outputs)
    out[np.arange(len(targets)), targets] -= 1


OVERFLOWING_SOFTMAX = {
    **LOSSES,
    "softmax_cross_entropy": replace(
        LOSSES["softmax_cross_entropy"], values=naive_cross_entropies, gradient=naive_cross_entropy_gradient
    ),
}


def carry_hidden_state_over(backpropagation: Backpropagation, *batch: Array) -> None:
    hidden_states = backpropagation._stacked.hidden_states
    hidden_states[0] = hidden_states[-1]
    BEGIN(backpropagation, *batch)


def carry_cell_state_over(backpropagation: Backpropagation, *batch: Array) -> None:
    gradient = backpropagation._cell_gradient
    if isinstance(gradient, LstmGradient):
        gradient.cell_states[0] = gradient.cell_states[-1]
    BEGIN(backpropagation, *batch)


class GradientNotCut(Backpropagation):
    def __init__(self, model: ModelSpec, parameters: Array, spans: Sequence[Span], batch: int) -> None:
        uncut = [span._replace(cut=span.start) for span in spans] if model.readout == "last" else spans
        super().__init__(model, parameters, uncut, batch)


class GradientCutEarly(Backpropagation):
    def __init__(self, model: ModelSpec, parameters: Array, spans: Sequence[Span], batch: int) -> None:
        cut = [
            span._replace(cut=min(span.cut + 1, span.stop - 1)) if span.cut > span.start else span
            for span in spans
        ]
        super().__init__(model, parameters, cut, batch)


class StateReset(Backpropagation):
    """Sets a part of the state to zero at the start of every update."""

    def __init__(self, model: ModelSpec, parameters: Array, spans: Sequence[Span], batch: int) -> None:
        super().__init__(model, parameters, spans, batch)
        self._starts = [span.start for span in spans]

    def states(self) -> Array:
        raise NotImplementedError

    def differentiate(self, update: int) -> None:
        self.states()[self._starts[update]] = 0
        super().differentiate(update)


class CellStateReset(StateReset):
    def states(self) -> Array:
        gradient = self._cell_gradient
        return gradient.cell_states if isinstance(gradient, LstmGradient) else gradient.hidden_states.copy()


class HiddenStateReset(StateReset):
    def states(self) -> Array:
        return self._stacked.hidden_states
