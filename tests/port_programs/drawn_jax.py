"""The architectures that are drawn at random, in flax.nnx and optax."""

import jax.numpy as jnp
import optax
from flax import nnx

from compare.port import JaxProgram
from tests.port_programs.drawn import draw


class Net(nnx.Module):
    def __init__(self, spec):
        rngs = nnx.Rngs(0)
        self.spec = spec
        if spec.words:
            self.words = nnx.Embed(11, spec.inputs, rngs=rngs)
        kind = {"lstm": nnx.OptimizedLSTMCell, "elman": nnx.SimpleCell}[spec.cell]
        width, self.layers = spec.inputs, nnx.List([])
        for _ in range(spec.layers):
            cells = [
                nnx.RNN(kind(width, spec.hidden, rngs=rngs), rngs=rngs) for _ in range(1 + spec.bidirectional)
            ]
            self.layers.append(nnx.Bidirectional(*cells, rngs=rngs) if spec.bidirectional else cells[0])
            width = spec.hidden * (1 + spec.bidirectional)
        if spec.norm:
            self.norm = nnx.LayerNorm(width, epsilon=1e-5, rngs=rngs)
        self.head = nnx.Linear(width, spec.outputs, rngs=rngs)

    def __call__(self, x):
        if self.spec.words:
            x = self.words(x)
        for layer in self.layers:
            x = layer(x)
        if not self.spec.every:
            H = self.spec.hidden
            x = jnp.concatenate((x[:, -1, :H], x[:, 0, H:]), -1)
        if self.spec.norm:
            x = self.norm(x)
        return self.head(x)


def cross_entropy(outputs, targets):
    return optax.softmax_cross_entropy_with_integer_labels(outputs, targets).mean()


def squares(outputs, targets):
    return ((outputs - targets) ** 2).mean()


def drawn_program(seed):
    spec = draw(seed)
    chain = [optax.clip(spec.clip)] if spec.clip else []
    chain.append(optax.sgd(spec.rate, momentum=spec.momentum or None, nesterov=spec.nesterov))
    return JaxProgram(Net(spec), None, cross_entropy if spec.classes else squares, optax.chain(*chain))
