"""Programs in JAX: flax.nnx modules and functions of plain arrays, and each of them with one mistake."""

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from compare.port import JaxProgram


def logits(outputs, targets):
    return optax.softmax_cross_entropy_with_integer_labels(outputs, targets).mean()


class Net(nnx.Module):
    def __init__(self, cell=nnx.OptimizedLSTMCell, rngs=None):
        rngs = rngs or nnx.Rngs(0)
        self.rnn = nnx.RNN(cell(3, 5, rngs=rngs), rngs=rngs)
        self.head = nnx.Linear(5, 4, rngs=rngs)

    def __call__(self, x):
        return self.head(self.rnn(x)[:, -1])


def trained(module=None, loss=logits, optimizer=None):
    return JaxProgram(module or Net(), None, loss, optimizer or optax.sgd(0.1))


def lstm():
    return trained()


def split_lstm():
    return trained(Net(nnx.LSTMCell))


def gru():
    return trained(Net(nnx.GRUCell))


def elman():
    return trained(Net(nnx.SimpleCell))


def adam(rate=0.01, **options):
    return trained(optimizer=optax.adam(rate, **options))


def plain(order=(0, 1, 2, 3), forget=0.0, gate=jax.nn.sigmoid, read=-1, transposed=False, bias=True):
    def apply(parameters, x):
        U = parameters["recurrent_kernel"]
        if transposed:
            U = jnp.concatenate([block.T for block in jnp.split(U, 4, -1)], -1)

        def step(state, now):
            h, c = state
            gates = now @ parameters["input_kernel"] + h @ U + (parameters["bias"] if bias else 0)
            parts = jnp.split(gates, 4, -1)
            i, f, g, o = (parts[block] for block in order)
            c = gate(f + forget) * c + gate(i) * jnp.tanh(g)
            h = gate(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((len(x), 5), x.dtype)
        _, states = jax.lax.scan(step, (zeros, zeros), x.swapaxes(0, 1))
        return states[read] @ parameters["readout_kernel"] + parameters["readout_bias"]

    shapes = {
        "input_kernel": (3, 20), "recurrent_kernel": (5, 20), "bias": (20,),
        "readout_kernel": (5, 4), "readout_bias": (4,),
    }  # fmt: skip
    keys = jax.random.split(jax.random.key(0), len(shapes))
    parameters = {
        name: 0.3 * jax.random.normal(key, shape)
        for (name, shape), key in zip(shapes.items(), keys, strict=True)
    }
    return JaxProgram(apply, parameters, logits, optax.sgd(0.1))


def gate_order():
    return plain(order=(1, 0, 2, 3))


def forget_bias():
    return plain(forget=1.0)


def hard_sigmoid():
    return plain(gate=jax.nn.hard_sigmoid)


def readout_step():
    return plain(read=0)


def transposed_kernel():
    return plain(transposed=True)


def missing_bias():
    return plain(bias=False)


def loss_reduction():
    return trained(loss=lambda o, t: optax.softmax_cross_entropy_with_integer_labels(o, t).sum())


def label_smoothing():
    def smoothed(outputs, targets):
        labels = optax.smooth_labels(jax.nn.one_hot(targets, 4), 0.1)
        return optax.softmax_cross_entropy(outputs, labels).mean()

    return trained(loss=smoothed)


def softmax_twice():
    class Probabilities(Net):
        def __call__(self, x):
            return nnx.softmax(super().__call__(x))

    return trained(Probabilities())


def batch_axis():
    net = Net()
    net.rnn.time_major = True
    return trained(net)


def epsilon_place():
    return adam(eps=0.0, eps_root=1e-8)


def betas():
    return adam(b1=0.8)


def learning_rate():
    return trained(optimizer=optax.sgd(0.05))


def adamw():
    return trained(optimizer=optax.adamw(0.01, weight_decay=0.01))


def coupled():
    return trained(optimizer=optax.chain(optax.add_decayed_weights(0.01), optax.adam(0.01)))


def momentum():
    return trained(optimizer=optax.sgd(0.1, momentum=0.9))


def nesterov():
    return trained(optimizer=optax.sgd(0.1, momentum=0.9, nesterov=True))


def rmsprop():
    return trained(optimizer=optax.rmsprop(0.01, decay=0.9, eps=1e-7))


def rmsprop_outside():
    return trained(optimizer=optax.rmsprop(0.01, decay=0.9, eps=1e-7, eps_in_sqrt=False))


def clip_norm():
    return trained(optimizer=optax.chain(optax.clip_by_global_norm(0.05), optax.sgd(0.1)))


def clip_value():
    return trained(optimizer=optax.chain(optax.clip(0.01), optax.sgd(0.1)))


def schedule():
    return trained(optimizer=optax.sgd(optax.exponential_decay(0.1, 1, 0.95)))


def frozen_parameter():
    def labels(parameters):
        return jax.tree_util.tree_map_with_path(
            lambda path, _: "stay" if "bias" in str(path) else "move", parameters
        )

    return trained(
        optimizer=optax.multi_transform({"move": optax.sgd(0.1), "stay": optax.set_to_zero()}, labels)
    )


def dropout():
    class Dropping(Net):
        def __init__(self):
            super().__init__()
            self.dropout = nnx.Dropout(0.2, rngs=nnx.Rngs(1))

        def __call__(self, x):
            return self.head(self.dropout(self.rnn(x)[:, -1]))

    return trained(Dropping())


def dtype():
    class Single(Net):
        def __call__(self, x):
            return self.head(self.rnn(x)[:, -1].astype(jnp.float32).astype(x.dtype))

    return trained(Single())
