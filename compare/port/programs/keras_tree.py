"""The layers inside a Keras model, and their randomness."""

from collections.abc import Iterator, Sequence
from typing import Any

import keras

RATES = ("rate", "stddev", "dropout", "recurrent_dropout")
"""The attributes by which a layer is random."""


def inner_layers(layer: Any) -> Sequence[Any]:
    """The layers directly inside another, in its own order."""
    inner: Sequence[Any] = layer.layers if isinstance(layer, keras.Model) else layer._layers
    return inner


def all_layers(layer: Any) -> Iterator[Any]:
    """A layer and all inside it, each once."""
    seen: set[int] = set()
    waiting = [layer]
    while waiting:
        each = waiting.pop(0)
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting = [*inner_layers(each), *waiting]


def without_dropout(model: keras.Model) -> list[tuple[str, float]]:
    """Switch off all randomness that has a rate; return where it was, and its rate."""
    rates = []
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.RNN):
            continue  # its cell has the rates
        for name in RATES:
            rate = getattr(layer, name, None)
            if isinstance(rate, int | float) and rate:
                rates.append((layer.name, float(rate)))
                setattr(layer, name, 0.0)
    return rates
