"""An Elman network by hand, as people write it, and with one mistake."""

import numpy as np

from compare.port import NumpyProgram


class Elman:
    """Cross-entropy over the last state's logits, plain descent."""

    rate, read = 0.1, -1

    def __init__(self):
        random = np.random.default_rng(0)
        shapes = {"Wxh": (3, 5), "Whh": (5, 5), "bh": (5,), "Why": (5, 4), "by": (4,)}
        self.values = {name: 0.4 * random.normal(size=shape) for name, shape in shapes.items()}

    def parameters(self):
        return self.values

    def set_parameters(self, values):
        self.values = {name: np.array(value) for name, value in values.items()}

    def activation(self, x):
        return np.tanh(x)

    def slope(self, h):
        return 1 - h**2

    def recurrent(self):
        return self.values["Whh"]

    def first_state(self, inputs):
        return np.zeros((len(inputs), 5))

    def states(self, inputs):
        found = [self.first_state(inputs)]
        for t in range(inputs.shape[1]):
            now = inputs[:, t] @ self.values["Wxh"] + found[-1] @ self.recurrent() + self.values["bh"]
            found.append(self.activation(now))
        return found

    def outputs(self, inputs):
        return self.states(inputs)[self.read] @ self.values["Why"] + self.values["by"]

    def loss(self, outputs, targets):
        moved = outputs - outputs.max(-1, keepdims=True)
        logarithms = moved - np.log(np.exp(moved).sum(-1, keepdims=True))
        return -logarithms[np.arange(len(targets)), targets].mean()

    def gradients(self, inputs, targets):
        found = {name: np.zeros_like(value) for name, value in self.values.items()}
        states = self.states(inputs)
        logits = states[-1] @ self.values["Why"] + self.values["by"]
        above = np.exp(logits - logits.max(-1, keepdims=True))
        above /= above.sum(-1, keepdims=True)
        above[np.arange(len(targets)), targets] -= 1
        above /= len(targets)
        found["Why"], found["by"] = states[-1].T @ above, above.sum(0)
        down = above @ self.values["Why"].T
        for t in reversed(range(inputs.shape[1])):
            before = down * self.slope(states[t + 1])
            found["Wxh"] += inputs[:, t].T @ before
            found["Whh"] += states[t].T @ before
            found["bh"] += before.sum(0)
            down = before @ self.recurrent().T
        return found

    def move(self, name, gradient):
        return self.rate * gradient

    def step(self, inputs, targets):
        loss, gradients = self.loss(self.outputs(inputs), targets), self.gradients(inputs, targets)
        self.values = {name: value - self.move(name, gradients[name]) for name, value in self.values.items()}
        return loss


def elman():
    return NumpyProgram(Elman())


def _with(**members):
    return NumpyProgram(type("Changed", (Elman,), members)())


def relu():
    return _with(activation=lambda self, x: np.maximum(x, 0), slope=lambda self, h: (h > 0) * 1.0)


def transposed_kernel():
    return _with(recurrent=lambda self: self.values["Whh"].T)


def learning_rate():
    return _with(rate=0.2)


def weight_decay():
    return _with(move=lambda self, name, g: 0.1 * (g + 0.03 * self.values[name]))


def clip_value():
    return _with(move=lambda self, name, g: 0.1 * np.clip(g, -0.02, 0.02))


def frozen_parameter():
    return _with(move=lambda self, name, g: 0.0 * g if name == "by" else 0.1 * g)


def state_carried():
    def first_state(self, inputs):
        return getattr(self, "last", np.zeros((len(inputs), 5)))

    def outputs(self, inputs):
        found = Elman.outputs(self, inputs)
        self.last = self.states(inputs)[-1]
        return found

    return _with(first_state=first_state, outputs=outputs)


def data_order():
    return _with(states=lambda self, inputs: Elman.states(self, inputs[[1, 2, 3, 4, 5, 0]]))


def single():
    """In float32 and nothing else."""

    def set_parameters(self, values):
        self.values = {name: np.asarray(value, np.float32) for name, value in values.items()}

    return _with(set_parameters=set_parameters)
