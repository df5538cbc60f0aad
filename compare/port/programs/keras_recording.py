"""What goes through the layers of Keras, recorded."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import keras
import numpy as np

from adapters.interface import Array
from compare.port.programs.keras_layers import RECORDED
from compare.port.records.interface import CannotBeCompared

Calls = dict[str, list[tuple[Array | None, Array, Array | None]]]
"""By layer: what went in, what came out and which steps count, call by call."""


@contextmanager
def recording(calls: Calls) -> Iterator[None]:
    """Record what goes through each layer that is not inside another which is recorded."""
    original = keras.layers.Layer.__call__
    depth = 0

    def call(layer: Any, *arguments: Any, **options: Any) -> Any:
        nonlocal depth
        recorded = isinstance(layer, RECORDED)
        depth += recorded
        try:
            outputs = original(layer, *arguments, **options)
        finally:
            depth -= recorded
        if recorded and not depth:
            mask = getattr(arguments[0], "_keras_mask", None) if arguments else None
            calls.setdefault(layer.name, []).append(
                (_array(arguments[0]) if arguments else None, np.array(first_tensor(outputs)), _array(mask))
            )
        return outputs

    with patch.object(keras.layers.Layer, "__call__", call):
        yield


def _array(value: Any) -> Array | None:
    return None if value is None or isinstance(value, tuple | list) else np.array(value)


def first_tensor(outputs: Any) -> Any:
    """The first tensor in what a model returns.

    Raises: CannotBeCompared where it returned nothing.
    """
    while isinstance(outputs, Mapping | tuple | list):
        if not outputs:
            raise CannotBeCompared("the model returned nothing: expected a tensor")
        outputs = next(iter(outputs.values() if isinstance(outputs, Mapping) else outputs))
    return outputs
