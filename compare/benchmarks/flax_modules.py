"""What the loops over flax have in common: layers of `flax.nnx`, an optimizer of optax, a compiled step."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from adapters.interface import (
    Adam,
    AdamW,
    Array,
    Cosine,
    LearningRate,
    ModelSpec,
    RmsProp,
    TrainSpec,
)
from compare.benchmarks.native_loop import (
    NativeLoop,
)

CELLS: dict[str, Callable[..., Any]] = {"lstm": nnx.OptimizedLSTMCell, "gru": nnx.GRUCell}


class Network(nnx.Module):  # type: ignore[misc]
    """Recurrent layers and a `nnx.Linear` readout."""

    def __init__(self, model: ModelSpec) -> None:
        rngs = nnx.Rngs(0)
        widths = [model.inputs, *[model.width] * (model.layers - 1)]
        self.layers = nnx.List([layer_of(model, width, rngs) for width in widths])
        self.readout = nnx.Linear(model.width, model.outputs, use_bias=model.bias, rngs=rngs)
        self.every, self.bidirectional = model.readout == "every", model.bidirectional

    def __call__(self, hidden: Any, lengths: Any) -> Any:
        for layer in self.layers:
            hidden = layer(hidden, seq_lengths=lengths)
        if self.every:
            return self.readout(hidden)
        last = hidden[:, -1] if lengths is None else hidden[jnp.arange(len(hidden)), lengths - 1]
        if self.bidirectional:
            forward, reverse = jnp.split(last, 2, -1)[0], jnp.split(hidden[:, 0], 2, -1)[1]
            last = jnp.concatenate([forward, reverse], -1)
        return self.readout(last)


def layer_of(model: ModelSpec, width: int, rngs: Any) -> Any:
    """A layer that reads so many values a step: `nnx.RNN`, two of them under `nnx.Bidirectional`."""
    directions = [
        nnx.RNN(CELLS[model.cell](width, model.hidden, rngs=rngs)) for _ in range(1 + model.bidirectional)
    ]
    return nnx.Bidirectional(*directions) if model.bidirectional else directions[0]


class FlaxLoop(NativeLoop):
    """A compiled step a batch, as the guide of `flax.nnx` has it; the batch is taken from arrays of JAX's."""

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        super().__init__(model, train, parameters, device=device)
        self._device = jax.devices(device)[0]
        dtypes = {"half_squared_error": np.float32, "softmax_cross_entropy": np.int32}
        self._targets_dtype = dtypes[model.loss]
        rule, clipping = train.optimizer, train.clip_norm
        transform = OPTIMIZERS[type(rule)](rule, rate(rule.learning_rate))
        if clipping is not None:
            transform = optax.chain(optax.clip_by_global_norm(clipping), transform)
        with jax.default_device(self._device):
            self._network = Network(model)
            self._optimizer = nnx.Optimizer(self._network, transform, wrt=nnx.Param)
        self._step = nnx.jit(partial(step, LOSSES[model.loss]))

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        self._inputs = self._array(inputs, np.float32)
        self._targets = self._array(targets, self._targets_dtype)
        self._lengths = None if lengths is None else self._array(lengths, np.int32)

    def _train(self, batches: Array) -> Array:
        losses = []
        for indices in batches:
            lengths = None if self._lengths is None else self._lengths[indices]
            inputs, targets = self._inputs[indices], self._targets[indices]
            losses.append(self._step(self._network, self._optimizer, inputs, targets, lengths))
        return np.array(jax.device_get(losses))

    def _array(self, values: Array, dtype: Any) -> Any:
        return jax.device_put(np.asarray(values, dtype), self._device)


def step(loss: Any, network: Any, optimizer: Any, inputs: Any, targets: Any, lengths: Any) -> Any:
    """One update -> the loss before it."""

    def loss_of(network: Any) -> Any:
        return loss(network(inputs, lengths), targets).mean()

    value, gradients = nnx.value_and_grad(loss_of)(network)
    optimizer.update(network, gradients)
    return value


LOSSES: dict[str, Any] = {
    "half_squared_error": optax.l2_loss,
    "softmax_cross_entropy": optax.softmax_cross_entropy_with_integer_labels,
}


def adam(rule: Adam, rate: Any) -> Any:
    return optax.adam(rate, rule.beta1, rule.beta2, rule.epsilon)


def adam_w(rule: AdamW, rate: Any) -> Any:
    return optax.adamw(rate, rule.beta1, rule.beta2, rule.epsilon, weight_decay=rule.weight_decay)


def rms_prop(rule: RmsProp, rate: Any) -> Any:
    return optax.rmsprop(rate, rule.decay, rule.epsilon)


OPTIMIZERS: dict[type, Callable[..., Any]] = {Adam: adam, AdamW: adam_w, RmsProp: rms_prop}


def rate(of_spec: LearningRate) -> Any:
    """A number, or optax's cosine."""
    if isinstance(of_spec, Cosine):
        return optax.cosine_decay_schedule(of_spec.peak, of_spec.updates, of_spec.floor / of_spec.peak)
    return of_spec
