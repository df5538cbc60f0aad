"""NumPy as a tutorial writes it: a network from scratch, step by step."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from adapters.interface import Array, Declaration, ModelSpec, Sgd, TrainSpec, UnsupportedSpec, rate_at
from compare.benchmarks.native_loop import NativeLoop


class WindowTutorial(NativeLoop):
    """The sine's windows as the tutorial prints its loop: of every step the way back over up to five others.

    It does more than an adapter, in float64, and otherwise: the losses are the model's, but what it takes
    for the gradient is not one (`tasks.published_rule` says where). It is timed for what people start from.

    Source: tutorial 002.
    """

    declaration = Declaration(
        distribution="numpy", cells=("elman",), optimizers=("sgd",), dtypes=("float32",)
    )
    optimizer = Sgd
    fixed: ClassVar[Mapping[str, object]] = {
        "cell": "elman",
        "loss": "half_squared_error",
        "activation": "sigmoid",
        "bias": False,
        "readout": "last",
        "outputs": 1,
        "backprop_through": 5,
        "clip_value": 10.0,
        "dtype": "float32",
    }
    free = frozenset({"inputs", "hidden", "learning_rate"})

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        super().__init__(model, train, parameters, device=device)
        assert isinstance(train.optimizer, Sgd)
        assert train.clip_value is not None
        assert train.backprop_through is not None
        self._rate, self._limit = rate_at(train.optimizer.learning_rate, 0), train.clip_value
        self._through = train.backprop_through
        self.U, self.W, self.V = (
            np.array(parameters[name].T, np.float64)
            for name in ("input_kernel", "recurrent_kernel", "readout_kernel")
        )

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._inputs, self._targets = np.array(inputs, np.float64), np.array(targets, np.float64)

    def _train(self, batches: Array) -> Array:
        if batches.shape[1] != 1:
            raise UnsupportedSpec(f"a batch has {batches.shape[1]} sequences: this loop trains one at a time")
        return np.array([self._step(self._inputs[i], self._targets[i, 0]) for (i,) in batches], np.float32)

    def _step(self, inputs: Array, target: float) -> float:
        """Shapes: inputs (T, D)."""
        U, W, V = self.U, self.W, self.V
        columns, before, layers = inputs[:, :, np.newaxis], np.zeros((len(W), 1)), []
        for column in columns:
            from_input, from_state = np.dot(U, column), np.dot(W, before)
            added = from_state + from_input
            state = 1 / (1 + np.exp(-added))
            layers.append((state, before))
            before = state
        output_error = np.dot(V, state) - target
        dU, dV, dW = np.zeros(U.shape), np.zeros(V.shape), np.zeros(W.shape)
        dU_step, dW_step = np.zeros(U.shape), np.zeros(W.shape)
        state_error = np.dot(V.T, output_error)
        for t, (state, before) in enumerate(layers):
            dV += np.dot(output_error, state.T)
            error_before = np.dot(W.T, added * (1 - added) * state_error * np.ones_like(from_state))
            for _ in range(t - 1, max(-1, t - self._through - 1), -1):
                added_error = added * (1 - added) * (state_error + error_before)
                by_state = added_error * np.ones_like(from_state)
                by_input = added_error * np.ones_like(from_input)
                dW_step += np.dot(W, before)
                error_before = np.dot(W.T, by_state)
                dU_step += np.dot(U, columns[t])
                np.dot(U.T, by_input)  # by the inputs, which nothing reads
            dU += dU_step
            dW += dW_step
        for weights, gradient in ((U, dU), (V, dV), (W, dW)):
            gradient[gradient > self._limit] = self._limit
            gradient[gradient < -self._limit] = -self._limit
            np.subtract(weights, self._rate * gradient, out=weights)
        return float(output_error[0, 0] ** 2 / 2)
