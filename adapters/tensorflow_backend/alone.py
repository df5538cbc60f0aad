"""Parts of an update by themselves: products, element-wise functions and copies of rows in TensorFlow."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from adapters.interface import Alone, Functions, Product, Rows, Work
from adapters.work import Function

Tensor = Any
Carried = tuple[Tensor, ...]
Once = Callable[[Tensor, Carried], Carried]
"""From the number of the time and what the time before has left to what this one does, last the result."""

FUNCTIONS: Mapping[Function, Callable[[Tensor, Tensor], Tensor]] = {
    "add": lambda values, half: values + half,
    "divide": lambda values, half: values / half,
    "multiply": lambda values, half: values * half,
    "sigmoid": lambda values, half: tf.sigmoid(values),
    "sqrt": lambda values, half: tf.sqrt(values),
    "tanh": lambda values, half: tf.tanh(values),
}


def product(work: Product) -> tuple[Once, Carried]:
    """One number of a factor depends on the product before: or XLA would multiply once, before the loop."""
    right = tf.ones((work.inner, work.columns), work.dtype)

    def once(_: Tensor, carried: Carried) -> Carried:
        left, out = carried
        one = tf.sign(out[0, 0] + 1)
        left = tf.tensor_scatter_nd_update(left, [[0, 0]], [one])
        return left, tf.matmul(left, right)

    left, out = tf.ones((work.rows, work.inner), work.dtype), tf.zeros((work.rows, work.columns), work.dtype)
    return once, (left, out)


def functions(work: Functions) -> tuple[Once, Carried]:
    half = tf.fill((work.rows, work.columns), tf.constant(0.5, work.dtype))

    def once(_: Tensor, carried: Carried) -> Carried:
        (values,) = carried
        for name in work.names:
            values = FUNCTIONS[name](values, half)
        return (values,)

    return once, (half,)


def rows(work: Rows) -> tuple[Once, Carried]:
    values = tf.ones((work.rows, work.columns), work.dtype)
    indices = tf.random.stateless_uniform((work.taken,), (0, 0), 0, work.rows, tf.int32)
    taken = tf.zeros((work.taken, work.columns), work.dtype)
    return lambda time, _: (tf.gather(values, (indices + time) % work.rows),), (taken,)


PARTS: dict[type[Work], Callable[..., tuple[Once, Carried]]] = {
    Product: product,
    Functions: functions,
    Rows: rows,
}

PLACES = {"cpu": "/CPU:0", "cuda": "/GPU:0"}
"""What TensorFlow calls a device."""


def alone(work: Work, *, compiled: bool) -> Alone:
    """A part, in a loop inside of one program, as the parts of an update are; by XLA or as a graph.

    Where a batch is divided, there is a program for each thread, as the adapter's updates have it.
    """
    programs = [repeated(work, compiled=compiled) for _ in range(work.shares)]
    together = tf.function(lambda times: [program(times) for program in programs])

    def run(times: int) -> Tensor:
        with tf.device(PLACES[work.device]):
            first, *_ = together(tf.constant(times))
        return first.numpy()

    return Alone(run, "TensorFlow's own")


def repeated(work: Work, *, compiled: bool) -> Callable[[Tensor], Tensor]:
    """A program of so many times the part."""
    with tf.device(PLACES[work.device]):
        once, begin = PARTS[type(work)](work)

    def loop(times: Tensor) -> Tensor:
        """As XLA compiles it as it stands, which it does not do with one over `tf.range`."""
        _, carried = tf.while_loop(
            lambda time, _: time < times, lambda time, carried: (time + 1, once(time, carried)), (0, begin)
        )
        return carried[-1]

    program: Callable[[Tensor], Tensor] = tf.function(
        loop, input_signature=[tf.TensorSpec((), tf.int32)], jit_compile=compiled
    )
    return program
