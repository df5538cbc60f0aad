"""Parts of an update by themselves: products, element-wise functions and copies of rows in TensorFlow."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import tensorflow as tf

from adapters.interface import Alone, Functions, Product, Rows, Work
from adapters.tensorflow_backend.shares import shares_for, sizes_of
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
    """A part, in a loop inside of one program, as the parts of an update are; by XLA or as a graph.

    By XLA a large part is one program for each thread, as the adapter's updates are.
    """
    shares = shares_of(work) if compiled and work.device == "cpu" else [work]
    programs = [repeated(share, compiled=compiled) for share in shares]

    together = tf.function(lambda times: tf.concat([program(times) for program in programs], axis=0))

    def run(times: int) -> Tensor:
        with tf.device(PLACES[work.device]):
            return together(tf.constant(times)).numpy()

    return Alone(run, "TensorFlow's own")


def shares_of(work: Work) -> list[Work]:
    """What each thread has of it."""
    sequences = work.taken if isinstance(work, Rows) else work.rows
    sizes = sizes_of(sequences, shares_for(sequences, work.columns))
    if isinstance(work, Rows):
        return [replace(work, taken=size) for size in sizes]
    return [replace(work, rows=size) for size in sizes]


def repeated(work: Work, *, compiled: bool) -> Callable[[Tensor], Tensor]:
    """A program of so many times the part."""
    with tf.device(PLACES[work.device]):
        once, begin = PARTS[type(work)](work)

    def loop(times: Tensor) -> Tensor:
        """As XLA compiles it as it stands, which it does not do with one over `tf.range`."""
        return tf.while_loop(
            lambda time, _: time < times, lambda time, last: (time + 1, once(time, last)), (0, begin)
        )[1]

    program: Callable[[Tensor], Tensor] = tf.function(
        loop, input_signature=[tf.TensorSpec((), tf.int32)], jit_compile=compiled
    )
    return program
