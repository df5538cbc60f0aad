"""Layers of cells, readouts and losses as pure functions; all gradients but those of U, σ, tanh are JAX's."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array as Tensor

from adapters.interface import Dtype, ModelSpec, Span
from adapters.jax_backend.cells import CELLS, Cell, Parameters, State
from adapters.jax_backend.products import over_rows
from adapters.parameters import Layer, layers


def scan(
    cell: Cell, reverse: bool, kernel: Tensor, valid: Tensor | None, addends: Tensor, state: State
) -> tuple[tuple[State, Tensor], tuple[Tensor, ...]]:
    """One layer over (T, B, …) -> the state after, all hidden states (T, B, H), and U's left factors.

    A step that is not valid, (T, B, 1), changes no state: in reverse, those beyond a length come first.
    """

    def step(state: State, scanned: tuple[Tensor, Tensor | None]) -> tuple[State, Any]:
        addend, is_valid = scanned
        after, factors = cell.step(kernel, addend, state)
        if is_valid is not None:
            after = tuple(jnp.where(is_valid, new, old) for new, old in zip(after, state, strict=True))
        return after, (after[0], factors)

    after, (hidden, factors) = jax.lax.scan(step, state, (addends, valid), reverse=reverse)
    return (after, hidden), factors


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def recur(
    cell: Cell, reverse: bool, kernel: Tensor, valid: Tensor | None, addends: Tensor, state: State
) -> tuple[State, Tensor]:
    """As `scan`, without the factors; U's gradient is one product over all steps, not a sum of one a step."""
    return scan(cell, reverse, kernel, valid, addends, state)[0]


def recur_forward(cell: Cell, reverse: bool, kernel: Tensor, valid: Tensor | None, *rest: Any) -> Any:
    ran, pull_back, factors = jax.vjp(partial(scan, cell, reverse, kernel, valid), *rest, has_aux=True)
    return ran, (pull_back, factors, kernel.shape[1])


def recur_backward(cell: Cell, reverse: bool, kept: Any, cotangents: Any) -> Any:
    """Addends are added to the products h·U, so that both have the same gradient."""
    pull_back, factors, columns = kept
    addends, state = pull_back(cotangents)
    products = jnp.split(addends[..., :columns], len(factors), axis=-1)
    kernel = [over_rows(left, right) for left, right in zip(factors, products, strict=True)]
    return jnp.concatenate(kernel, axis=-1), None, addends, state


recur.defvjp(recur_forward, recur_backward)


READOUTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "last": lambda hidden, last: last,
    "every": lambda hidden, last: hidden.swapaxes(0, 1),
}
"""What is read out of the top layer's hidden states (T, B, H'), and of those after its last step (B, H')."""


def begin(model: ModelSpec, inputs: Tensor, dtype: Dtype) -> tuple[State, ...]:
    """The states before sequences (B, T, D), those of each layer from below, forward first."""
    zeros = jnp.zeros((len(inputs), model.hidden), dtype)
    cell = CELLS[model.cell, model.activation, model.reset]
    return ((zeros,) * cell.parts,) * sum(map(len, layers(model)))


def forward(
    model: ModelSpec, parameters: Parameters, inputs: Tensor, valid: Tensor | None, states: Iterable[State]
) -> tuple[Tensor, tuple[State, ...]]:
    """(B, T, D), (B, T) and the states before -> outputs, of the last step or all, and the states after.

    The layers compute in the dtype of the states, the readout in that of the parameters.
    """
    cell = CELLS[model.cell, model.activation, model.reset]
    before = iter(states)
    after: list[State] = []
    hidden, valid = inputs.swapaxes(0, 1), None if valid is None else valid.T[..., None]

    def run(layer: Layer, sequence: Tensor) -> Any:
        state = next(before)
        own = {name: parameter.astype(state[0].dtype) for name, parameter in layer.of(parameters).items()}
        addends = cell.addends(sequence.astype(state[0].dtype), own)
        return recur(cell, layer.reverse, own["recurrent_kernel"], valid, addends, state)

    for level in layers(model):
        ended, sequences = zip(*(run(layer, hidden) for layer in level), strict=True)
        hidden = jnp.concatenate(sequences, axis=-1)
        last = jnp.concatenate([state[0] for state in ended], axis=-1)
        after += ended
    kernel = parameters["readout_kernel"]
    readable = READOUTS[model.readout](hidden, last).astype(kernel.dtype)
    return readable @ kernel + parameters.get("readout_bias", 0), tuple(after)


def half_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """½(ŷ−y)², summed over outputs: (B,) or (B, T)."""
    return jnp.square(outputs - targets).sum(-1) / 2


def softmax_cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    """−log softmax(ŷ) at the target: (B,) or (B, T)."""
    return -jnp.take_along_axis(jax.nn.log_softmax(outputs), targets[..., None], -1)[..., 0]


LOSSES = {"half_squared_error": half_squared_error, "softmax_cross_entropy": softmax_cross_entropy}
TARGETS: dict[str, Callable[[Tensor, Tensor | None, Span], tuple[Tensor, Tensor | None]]] = {
    "last": lambda targets, valid, span: (targets, None),
    "every": lambda targets, valid, span: (targets[:, span.cut : span.stop], valid),
}
"""The targets of a span, and which of them are valid, if not all; `valid` is of the span's steps alone."""
