"""Whether a program says the same twice: if not, because of chance, or of a state that it keeps."""

import numpy as np

from compare.errors import UsageError
from compare.port.records.interface import Trace
from compare.port.request import Opened
from compare.port.side import Side

OTHER_SEED = 12345


def check_deterministic(side: Side, opened: Opened) -> bool:
    """Whether it keeps a state from one batch to the next.

    Raises: UsageError where it draws random numbers that cannot be switched off, with the first layer that
    does.
    """
    batch = opened.batches[0]
    first, second = side.trace(batch), side.trace(batch)
    if _first_unlike(first, second) is None:
        return False
    side.reseed(OTHER_SEED)
    side.reset()
    third = side.trace(batch)
    side.reseed(0)
    place = _first_unlike(first, third)
    if place is not None:
        raise UsageError(
            f"{side}: {place} draws random numbers that cannot be switched off: take it out to compare"
        )
    return True


def _first_unlike(first: Trace, second: Trace) -> str | None:
    for name, recorded in first.modules.items():
        other = second.modules.get(name)
        if other is not None and not np.array_equal(recorded.outputs, other.outputs, equal_nan=True):
            if (
                recorded.inputs is not None
                and other.inputs is not None
                and not np.array_equal(recorded.inputs, other.inputs, equal_nan=True)
            ):
                return f"what comes before layer {name}"
            return f"layer {name}"
    return (
        None
        if np.array_equal(first.outputs, second.outputs, equal_nan=True)
        else "the model, after its last known layer"
    )
