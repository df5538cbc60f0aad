"""What loops that people write without an adapter have in common: each does one thing, and trains alone."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, fields
from typing import Any, ClassVar

from adapters.interface import (
    Adam,
    AdamW,
    Adapter,
    Array,
    Cosine,
    ModelSpec,
    Optimizer,
    RmsProp,
    TrainSpec,
    UnsupportedSpec,
)


class NativeLoop(Adapter):
    """A framework's own training loop, timed beside the adapters; nothing is proven of its losses.

    `optimizer` is the one that it uses. `fixed` has the fields of the specs that must have one value,
    `free` those that may be any number, or true or false; `cosine` those that are such a schedule, without
    a warm-up. What is in none of them must be as the specs have it by default, so that nothing which the
    contract gains later is taken for something that a loop does.
    """

    optimizer: ClassVar[type[Optimizer]]
    fixed: ClassVar[Mapping[str, object]]
    free: ClassVar[frozenset[str]]
    cosine: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        if type(train.optimizer) is not self.optimizer:
            raise UnsupportedSpec(
                f"optimizer is {train.optimizer!r}: this loop uses {self.optimizer.__name__}"
            )
        for field, value in _fields(model, train):
            if field.name in self.cosine:
                if not isinstance(value, Cosine):
                    raise UnsupportedSpec(f"{field.name} is {value!r}: this loop takes a Cosine")
                if value.warm_up:
                    raise UnsupportedSpec(f"{field.name} is {value!r}: this loop has no warm-up")
            elif field.name in self.free:
                if not isinstance(value, int | float):
                    raise UnsupportedSpec(f"{field.name} is {value!r}: this loop takes a number")
            elif value != (only := self.fixed.get(field.name, field.default)):
                raise UnsupportedSpec(f"{field.name} is {value!r}: this loop knows {only!r} alone")

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        raise UnsupportedSpec("predict: a native loop only trains")

    def parameters(self) -> dict[str, Array]:
        raise UnsupportedSpec("parameters: a native loop only trains")


def _fields(model: ModelSpec, train: TrainSpec) -> Iterator[tuple[Field[Any], Any]]:
    """Every field of the specs with its value; those of the optimizer in place of it."""
    for spec in (model, train, train.optimizer):
        for field in fields(spec):
            if field.name != "optimizer":
                yield field, getattr(spec, field.name)


SIZES = frozenset({"inputs", "hidden", "outputs"})
RATES_OF_ADAM = frozenset({"learning_rate", "beta1", "beta2", "epsilon"})


CLASSIFICATION: Mapping[str, object] = {
    "loss": "softmax_cross_entropy",
    "readout": "last",
    "dtype": "float32",
}


class ClassifiesByLastState(NativeLoop):
    """Recurrent layers whose last state is classified, under Adam: one LSTM, unless a loop says more."""

    optimizer = Adam
    fixed: ClassVar[Mapping[str, object]] = {"cell": "lstm", **CLASSIFICATION}
    free = SIZES | RATES_OF_ADAM | {"bias"}


class ForecastsOneValue(NativeLoop):
    """One LSTM whose last state is read out as values, under Adam: what `sine-lstm` asks for."""

    optimizer = Adam
    fixed: ClassVar[Mapping[str, object]] = {
        "cell": "lstm",
        "loss": "half_squared_error",
        "readout": "last",
        "dtype": "float32",
    }
    free = SIZES | RATES_OF_ADAM | {"bias"}


class ReadsUnlikeLengths(NativeLoop):
    """One GRU over sequences of unlike length, under RMSprop and a cosine: what `adding` asks for."""

    optimizer = RmsProp
    fixed: ClassVar[Mapping[str, object]] = {
        "cell": "gru",
        "loss": "half_squared_error",
        "readout": "last",
        "dtype": "float32",
        "clip_norm": 1.0,
    }
    free = SIZES | {"decay", "epsilon", "bias"}
    cosine = frozenset({"learning_rate"})


class ForecastsEveryStep(NativeLoop):
    """Two GRUs one above the other, read out at every step, under AdamW and a cosine: `life-expectancy`."""

    optimizer = AdamW
    fixed: ClassVar[Mapping[str, object]] = {
        "cell": "gru",
        "layers": 2,
        "loss": "half_squared_error",
        "readout": "every",
        "dtype": "float32",
    }
    free = SIZES | {"beta1", "beta2", "epsilon", "weight_decay", "bias"}
    cosine = frozenset({"learning_rate"})
