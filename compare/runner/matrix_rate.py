"""The physical limit: the operations that training needs, and how many a second this machine can do."""

import math
from time import perf_counter

import numpy as np

from adapters.interface import Adapter, Array, ModelSpec, TrainSpec
from adapters.parameters import layers
from compare.records.run import ProductRate

FEWEST_PRODUCTS = 5


def operations_per_sequence(
    model: ModelSpec, train: TrainSpec, time_steps: int, lengths: Array | None = None
) -> int:
    """Floating-point operations of the matrix products with which one sequence is trained on, on average.

    An update over n valid steps, whose gradient reaches m of them back and which has r readouts (1, or with
    readout `every` n), does in each direction of each layer that reads I numbers a step 2·G·H·(I + H)·n
    operations forward; back, 2·G·H·(I + H)·m for the weights' gradients, 2·G·H·H·(m − 1) from step to step,
    and above the first layer 2·G·H·I·m to the layer below. The readout does 2·H'·K·r forward, and 4·H'·K·r
    for its gradient and the way through it. A multiplication and an addition count as two. Left out is what
    grows with H alone (activations, biases, the optimizer), and padding.

    Shapes: lengths (N,); without them all sequences have all steps.
    """
    ends = np.array([time_steps]) if lengths is None else lengths
    total = np.zeros(len(ends))
    for start, cut, stop in train.spans(model, time_steps):
        forward, back = (np.maximum(np.minimum(ends, stop) - first, 0) for first in (start, cut))
        for level, directions in enumerate(layers(model)):
            for layer in directions:
                onward = 2 * model.gates * model.hidden * model.hidden
                inward = 2 * model.gates * model.hidden * layer.inputs
                total += (inward + onward) * (forward + back) + onward * np.maximum(back - 1, 0)
                total += inward * back if level else 0
        readouts = forward if model.readout == "every" else 1
        total += 6 * model.width * model.outputs * readouts
    return round(float(total.mean()))


def matrix_size(threads: int) -> int:
    """Rows of the matrices whose products are timed: enough to keep so many threads busy."""
    return 512 * max(2, math.ceil(math.sqrt(threads)))


def product_rate(adapter: type[Adapter], size: int, limit_seconds: float) -> ProductRate | None:
    """The fastest of the products that fit into some seconds, after one that is not counted.

    None where the adapter's library has no product to time.
    """
    product = adapter.matrix_product(size)
    if product is None:
        return None
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
