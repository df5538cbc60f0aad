"""The physical limit: the operations that training needs, and how many a second this machine can do."""

import math
from time import perf_counter

from adapters.interface import MatrixProduct, ModelSpec, TrainSpec
from compare.records.run import ProductRate

FEWEST_PRODUCTS = 5


def operations_per_sequence(model: ModelSpec, train: TrainSpec, time_steps: int) -> int:
    """Floating-point operations of the matrix products with which one sequence is trained on.

    An update over n steps, whose gradient reaches m of them back and which has r readouts (1, or with
    readout `every` n), does 2·G·H·(D + H)·n operations forward and 2·H·K·r for the readout; back,
    2·G·H·(D + H)·m for the weights' gradients, 2·G·H·H·(m − 1) from step to step, and 4·H·K·r for the
    readout's gradient and the way through it. A multiplication and an addition count as two. Left out is
    what grows with H alone: activations, biases, the optimizer.
    """
    inward = 2 * model.gates * model.hidden * (model.inputs + model.hidden)
    onward = 2 * model.gates * model.hidden * model.hidden
    readout = 2 * model.hidden * model.outputs
    total = 0
    for start, cut, stop in train.spans(model, time_steps):
        forward, back = stop - start, stop - cut
        readouts = forward if model.readout == "every" else 1
        total += inward * (forward + back) + onward * (back - 1) + 3 * readout * readouts
    return total


def matrix_size(threads: int) -> int:
    """Rows of the matrices whose products are timed: enough to keep so many threads busy."""
    return 512 * max(2, math.ceil(math.sqrt(threads)))


def product_rate(product: MatrixProduct, size: int, limit_seconds: float) -> ProductRate:
    """The fastest of the products that fit into some seconds, after one that is not counted."""
    product.multiply()
    seconds: list[float] = []
    end = perf_counter() + limit_seconds
    while len(seconds) < FEWEST_PRODUCTS or perf_counter() < end:
        begin = perf_counter()
        product.multiply()
        seconds.append(perf_counter() - begin)
    return ProductRate(
        size=size, operations_per_second=2 * size**3 / min(seconds), kernel=str(product.kernel)
    )
