"""Layers one above the other, a readout and a loss: forward, and back to the gradient of one update."""

from typing import Any, NamedTuple

from adapters.interface import Array
from adapters.numba_backend.arrays import (
    Products,
    Sizes,
    layer_of,
    readout_of,
    rows_of,
)
from adapters.numba_backend.compiling import compiled, entry
from adapters.numba_backend.room import Room, inputs_of, read_and_outputs, steps_of
from adapters.numba_backend.rows import add_to_rows, add_up, copy_columns, room_like


class Functions(NamedTuple):
    """The pointers to what a model and its training choose, and to products."""

    products: Products
    cell: Any
    cell_back: Any
    loss: Any
    update: Any


@entry
def forward(functions: Functions, parameters: Array, sizes: Sizes, room: Room, first: int, stop: int) -> None:
    """Run all layers over some steps, and read them out."""
    H, B, products = sizes.hidden, len(room.lengths), functions.products
    for level in range(sizes.layers):
        for direction in range(sizes.directions):
            layer, steps = (
                layer_of(parameters, sizes, level, direction),
                steps_of(room, sizes, level, direction),
            )
            sums = rows_of(steps.gates, first, stop, B)
            products.plain(inputs_of(room, level, first, stop), layer.W, sums)
            add_to_rows(sums, layer.b)
            functions.cell(products, layer, steps, first, stop)
            after = rows_of(steps.hidden, first + 1 - direction, stop + 1 - direction, B)
            copy_columns(after, 0, rows_of(room.handed_on[level], first, stop, B), direction * H, H)
            end = 0 if direction else stop
            copy_columns(rows_of(steps.hidden, end, end + 1, B), 0, room.last, direction * H, H)
    kernel, bias = readout_of(parameters, sizes)
    readable, outputs = read_and_outputs(room, sizes, first, stop)
    products.plain(readable, kernel, outputs)
    add_to_rows(outputs, bias)


@compiled
def backward(
    functions: Functions,
    parameters: Array,
    gradient: Array,
    sizes: Sizes,
    room: Room,
    cut: int,
    stop: int,
) -> None:
    """Fill in the gradient from that by the outputs, as far back as it reaches."""
    H, B, products = sizes.hidden, len(room.lengths), functions.products
    width = sizes.directions * H
    kernel, _ = readout_of(parameters, sizes)
    kernel_gradient, bias_gradient = readout_of(gradient, sizes)
    readable, outputs = read_and_outputs(room, sizes, cut, stop)
    products.left_transposed(readable, outputs, kernel_gradient)
    add_up(outputs, 0, bias_gradient)
    handed_back = room_like(room.last, width, (stop - cut) * B)
    if sizes.every:
        products.right_transposed(outputs, kernel, handed_back)
    else:
        by_last = room_like(room.last, width, B)
        products.right_transposed(outputs, kernel, by_last)
        for direction in range(sizes.directions):
            step = 0 if direction else stop - cut - 1
            own = rows_of(handed_back, step, step + 1, B)
            copy_columns(by_last, direction * H, own, direction * H, H)
    for level in range(sizes.layers - 1, -1, -1):
        for direction in range(sizes.directions):
            by_hidden = rows_of(room.read_gradient[direction], cut, stop, B)
            copy_columns(handed_back, direction * H, by_hidden, 0, H)
        for direction in range(sizes.directions):
            layer, steps = (
                layer_of(parameters, sizes, level, direction),
                steps_of(room, sizes, level, direction),
            )
            by_layer = layer_of(gradient, sizes, level, direction)
            functions.cell_back(products, layer, steps, cut, stop, room.read_gradient[direction], by_layer)
            by_sums = rows_of(steps.gates, cut, stop, B)
            products.left_transposed(inputs_of(room, level, cut, stop), by_sums, by_layer.W)
            add_up(by_sums, 0, by_layer.b)
            if level > 0 and direction == 0:
                products.right_transposed(by_sums, layer.W, handed_back)
            elif level > 0:
                by_reverse = room_like(room.last, width, (stop - cut) * B)
                products.right_transposed(by_sums, layer.W, by_reverse)
                for row in range(len(by_reverse)):
                    for column in range(width):
                        handed_back[row, column] += by_reverse[row, column]


@compiled
def lose(functions: Functions, sizes: Sizes, room: Room, first: int, stop: int, share: float) -> float:
    """The loss of some steps, summed; in the outputs' place its gradient, times a share."""
    first, stop = (first, stop) if sizes.every else (0, 1)
    B, total = len(room.lengths), 0.0
    for r in range(first, stop):
        for b in range(B):
            outputs = room.outputs[r * B + b]
            factor = 0.0
            if not sizes.every or r < room.lengths[b]:
                total += functions.loss(outputs, room.targets[r * B + b])
                factor = share
            for k in range(len(outputs)):
                outputs[k] *= factor
    return total
