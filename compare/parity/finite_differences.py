"""What a gradient must be, from the loss alone: differences of a forward pass that no adapter shares."""

from collections.abc import Mapping
from dataclasses import dataclass

from numpy.random import PCG64, Generator
from threadpoolctl import threadpool_limits

from adapters.conformance.reference import READ_TARGETS, Reference
from adapters.interface import Array, ModelSpec, TrainSpec

DIRECTIONS = 3
STEP = 3e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """How steeply the loss rises along a direction of one parameter.

    Shapes: `direction` has the parameter's; its elements are N(0, 1), so that the slope of a gradient g
    is as a rule about as large as the norm of g.
    """

    direction: Array
    value: float


def slopes(
    model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], inputs: Array, targets: Array
) -> dict[str, tuple[Slope, ...]]:
    """Central differences of the loss of a batch's only update, along random directions of each parameter.

    The state that a truncated update starts from is held fixed, as its gradient is cut there.

    Shapes: as `adapters.validation.check_data` has them, of sequences that are one update long.
    """
    reference = Reference(model, train, parameters)
    reference.load(inputs, targets)
    (span,) = reference.spans
    states, batch = reference.begin(len(inputs)), reference.data
    if span.cut:
        _, states = reference.forward(reference.values, batch.steps(0, span.cut), states)
    reached, read = batch.steps(span.cut, span.stop), READ_TARGETS[model.readout](batch, span)

    def loss(name: str, change: Array) -> float:
        moved = {**reference.values, name: reference.values[name] + change}
        return float(reference.loss(reference.forward(moved, reached, states)[0], *read))

    def slope(name: str, direction: Array) -> Slope:
        rise = loss(name, STEP * direction) - loss(name, -STEP * direction)
        return Slope(direction=direction, value=rise / (2 * STEP))

    generator = Generator(PCG64(0))
    with threadpool_limits(1):
        return {
            name: tuple(slope(name, generator.normal(size=value.shape)) for _ in range(DIRECTIONS))
            for name, value in reference.values.items()
        }
