"""A layer of GRUs over all steps of a batch: what it keeps for the way back, and its gradients."""

from functools import partial
from itertools import repeat, starmap

import numpy as np

from adapters.interface import Array, ModelSpec, Span
from adapters.numpy_backend.buffers import aligned
from adapters.numpy_backend.flat_parameters import LayerArrays
from adapters.numpy_backend.gru import Gru, StepBack, step_of
from adapters.numpy_backend.layers import Call, DirectedLayer, by_rows


def gru_hidden_states(model: ModelSpec, arrays: LayerArrays, inputs: Array, *, cell: type[Gru]) -> Array:
    """The hidden states of all steps; of their gates nothing is kept.

    Shapes: (T, B, D) -> (T+1, B, H), of which the first is h_0 = 0.
    """
    time_steps, batch, _ = inputs.shape
    gru = cell(model, arrays)
    hidden_states = np.zeros((time_steps + 1, batch, gru.hidden), gru.dtype)
    projected = np.empty((3, time_steps, batch, gru.hidden), gru.dtype)
    gru.project(by_rows(np.ascontiguousarray(inputs)), projected.reshape(3, -1, gru.hidden))
    room = np.empty((4, batch, gru.hidden), gru.dtype)
    steps = zip(hidden_states, hidden_states[1:], projected.swapaxes(0, 1), repeat(room[:3]), repeat(room[3]))
    gru.forward(starmap(step_of, steps))
    return hidden_states


class GruLayer(DirectedLayer):
    """All that the steps keep.

    Shapes: sums_gradient (T, B, 4, H), the loss's gradient by the sums of r, z and n, and by m.
    """

    def __init__(
        self,
        model: ModelSpec,
        arrays: LayerArrays,
        gradient: LayerArrays,
        time_steps: int,
        batch: int,
        *,
        cell: type[Gru],
    ) -> None:
        self._gru = gru = cell(model, arrays)
        T, B, H, dtype = time_steps, batch, gru.hidden, gru.dtype
        self.inputs = aligned((T, B, gru.inputs), dtype)
        rows = np.zeros((T + 1, B, H + int(model.bias)), dtype)
        rows[..., H:] = 1
        self.hidden_states, self.readable = rows[..., :H], rows[1:]
        self._projected, self._m = aligned((3, T, B, H), dtype), aligned((T, B, H), dtype)
        gates, self._sums_gradient = aligned((T, 3, B, H), dtype), aligned((T, B, 4, H), dtype)
        self._room = aligned((4, B, H), dtype)
        self._input_columns, self._gradient = arrays.kernel[: gru.inputs].T, gradient
        states, projected = (self.hidden_states, self.hidden_states[1:]), self._projected.swapaxes(0, 1)
        self._steps = [*map(step_of, *states, projected, gates, self._m)]

    def forward(self, span: Span) -> list[Call]:
        H, B = self._gru.hidden, self.inputs.shape[1]
        projected = self._projected.reshape(3, -1, H)[:, span.start * B : span.stop * B]
        return [
            partial(self._gru.project, by_rows(self.inputs[span.start : span.stop]), projected),
            partial(self._gru.forward, self._steps[span.start : span.stop]),
        ]

    def backward(self, span: Span, read_gradient: Array) -> list[Call]:
        first_read = span.stop - len(read_gradient)
        way = [
            self._step_back(t, read_gradient[t - first_read] if t >= first_read else None)
            for t in reversed(range(span.cut, span.stop))
        ]
        return [partial(self._gru.backward, way, self._room), *self._sums(slice(span.cut, span.stop))]

    def inputs_gradient(self, span: Span, out: Array) -> Call:
        r_z_n = self._by_block(slice(span.cut, span.stop))[:, : 3 * self._gru.hidden]
        return partial(r_z_n.dot, self._input_columns, by_rows(out))

    def _step_back(self, t: int, read_gradient: Array | None) -> StepBack:
        r, z, n, m = self._sums_gradient[t].swapaxes(0, 1)
        r_z = self._sums_gradient[t].reshape(len(r), -1)[:, : 2 * self._gru.hidden]
        return StepBack(self._steps[t], r_z, r, z, n, m, read_gradient)

    def _sums(self, steps: slice) -> list[Call]:
        """The products over all steps at once: xᵀ·δsums, hᵀ·δsums, and δsums added up."""
        H, D, kernel = self._gru.hidden, self._gru.inputs, self._gradient.kernel
        blocks, inputs = self._by_block(steps), by_rows(self.inputs[steps])
        before, recurrent = by_rows(self.hidden_states[:-1][steps]), kernel[D : D + H]
        n_factors = self._gru.factors(
            before, by_rows(self._m[steps]), blocks[:, 2 * H : 3 * H], blocks[:, 3 * H :]
        )
        calls: list[Call] = [
            partial(inputs.T.dot, blocks[:, : 3 * H], kernel[:D]),
            partial(np.matmul, before.T, blocks[:, : 2 * H], recurrent[:, : 2 * H]),
            partial(np.matmul, *n_factors, recurrent[:, 2 * H :]),
        ]
        if self._gru.has_bias:
            calls.append(partial(np.add.reduce, blocks[:, : 3 * H], 0, None, kernel[-1]))
        if self._gradient.candidate_bias.size:
            calls.append(partial(np.add.reduce, blocks[:, 3 * H :], 0, None, self._gradient.candidate_bias))
        return calls

    def _by_block(self, steps: slice) -> Array:
        """(C·B, 4·H)."""
        return by_rows(self._sums_gradient[steps]).reshape(-1, 4 * self._gru.hidden)
