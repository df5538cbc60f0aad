"""Parts of an update by themselves: products, element-wise functions and copies of rows in TensorFlow."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from adapters.interface import Alone, Functions, Product, Rows, Work
from adapters.work import Function

Tensor = Any
Once = Callable[[Tensor, Tensor], Tensor]
"""From the number of the time and the result of the time before to the result."""

FUNCTIONS: Mapping[Function, Callable[[Tensor, Tensor], Tensor]] = {
    "add": lambda values, half: values + half,
    "divide": lambda values, half: values / half,
    "multiply": lambda values, half: values * half,
    "sigmoid": lambda values, half: tf.sigmoid(values),
    "sqrt": lambda values, half: tf.sqrt(values),
    "tanh": lambda values, half: tf.tanh(values),
}


def product(work: Product) -> tuple[Once, Tensor]:
    """One of two equal left factors in turn: or XLA would multiply once, before the loop."""
    lefts = tf.ones((2, work.rows, work.inner), work.dtype)
    right = tf.ones((work.inner, work.columns), work.dtype)
    return lambda time, _: tf.matmul(lefts[time % 2], right), tf.zeros((work.rows, work.columns), work.dtype)


def functions(work: Functions) -> tuple[Once, Tensor]:
    half = tf.fill((work.rows, work.columns), tf.constant(0.5, work.dtype))

    def once(_: Tensor, values: Tensor) -> Tensor:
        for name in work.names:
            values = FUNCTIONS[name](values, half)
        return values

    return once, half


def rows(work: Rows) -> tuple[Once, Tensor]:
    values = tf.ones((work.rows, work.columns), work.dtype)
    indices = tf.random.stateless_uniform((work.taken,), (0, 0), 0, work.rows, tf.int32)
    taken = tf.zeros((work.taken, work.columns), work.dtype)
    return lambda time, _: tf.gather(values, (indices + time) % work.rows), taken


PARTS: dict[type[Work], Callable[..., tuple[Once, Tensor]]] = {
    Product: product,
    Functions: functions,
    Rows: rows,
}


PLACES = {"cpu": "/CPU:0", "cuda": "/GPU:0"}
"""What TensorFlow calls a device."""


def alone(work: Work, *, compiled: bool) -> Alone:
    """A part, in a loop inside of one program, as the parts of an update are; by XLA or as a graph."""
    place = PLACES[work.device]
    with tf.device(place):
        once, begin = PARTS[type(work)](work)

    def repeated(times: Tensor) -> Tensor:
        """A loop that XLA compiles as it stands, which it does not do with one over `tf.range`."""
        return tf.while_loop(
            lambda time, _: time < times, lambda time, last: (time + 1, once(time, last)), (0, begin)
        )[1]

    program = tf.function(repeated, input_signature=[tf.TensorSpec((), tf.int32)], jit_compile=compiled)

    def run(times: int) -> Tensor:
        with tf.device(place):
            return program(tf.constant(times)).numpy()

    return Alone(run, "TensorFlow's own")
