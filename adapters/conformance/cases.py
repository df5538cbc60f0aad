"""Models, training and data for the conformance checks, and comparisons of actual with expected arrays."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from adapters.interface import (
    Adam,
    Adapter,
    Array,
    Cell,
    Dtype,
    ModelSpec,
    Optimizer,
    Readout,
    Sgd,
    TrainSpec,
    UnsupportedSpec,
)
from adapters.parameters import draw, normal, shapes

AdapterType = Callable[..., Adapter]
CELLS: tuple[Cell, ...] = ("lstm", "elman")
DTYPES: tuple[Dtype, ...] = ("float64", "float32")
OPTIMIZERS: tuple[Optimizer, ...] = (Adam(learning_rate=0.01), Sgd(learning_rate=0.1))

ROUNDING_UNITS = 64


class Nonconformance(AssertionError):  # noqa: N818 - reads as the fact that it states
    """An adapter does not keep the contract; one line says what was expected and what was got, one why."""

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A model, its training, and data that fit both.

    Shapes: as `adapters.interface.Adapter` has them.
    """

    model: ModelSpec
    train: TrainSpec
    parameters: dict[str, Array]
    inputs: Array
    targets: Array
    batches: Array

    def start(self, adapter_type: AdapterType) -> Adapter:
        """A fresh adapter with the data loaded."""
        adapter = adapter_type(self.model, self.train, self.parameters)
        adapter.load(self.inputs, self.targets)
        return adapter


def make_case(
    model: ModelSpec,
    train: TrainSpec,
    *,
    seed: int = 0,
    sequences: int = 7,
    time_steps: int = 5,
    rows: int = 1,
    batch: int = 4,
    scale: float = 0.5,
) -> Case:
    """Seeded parameters N(0, scale), inputs and targets N(0, 1) or classes, all in the spec's dtype."""
    generator = Generator(PCG64(SeedSequence(seed, spawn_key=(1,))))
    leading = (sequences, time_steps) if model.readout == "every" else (sequences,)
    classes = model.loss == "softmax_cross_entropy"
    values = draw(model, seed, dict.fromkeys(shapes(model), normal(scale)))
    return Case(
        model=model,
        train=train,
        parameters={name: value.astype(train.dtype) for name, value in values.items()},
        inputs=generator.normal(size=(sequences, time_steps, model.inputs)).astype(train.dtype),
        targets=generator.integers(model.outputs, size=leading)
        if classes
        else generator.normal(size=(*leading, model.outputs)).astype(train.dtype),
        batches=generator.integers(sequences, size=(rows, batch)),
    )


def random_case(seed: int) -> Case:
    """Any cell, loss, optimizer and truncation, in float64, of sizes that are multiples of nothing."""
    generator = Generator(PCG64(SeedSequence(seed, spawn_key=(2,))))

    def pick(*choices: Any) -> Any:
        return choices[generator.integers(len(choices))]

    cell, readout = pick(*CELLS), pick("last", "every")
    time_steps = int(generator.integers(1, 7))
    every = pick(None, int(generator.integers(1, time_steps + 1))) if readout == "every" else None
    through = pick(None, int(generator.integers(1, time_steps + 1))) if readout == "last" else every
    rate = float(10 ** generator.uniform(-2.5, -1))
    return make_case(
        ModelSpec(
            cell=cell,
            inputs=int(generator.integers(1, 6)),
            hidden=int(generator.integers(1, 6)),
            outputs=int(generator.integers(1, 5)),
            loss=pick("half_squared_error", "softmax_cross_entropy"),
            activation=pick("tanh", "sigmoid") if cell == "elman" else "tanh",
            bias=pick(True, False),
            readout=readout,
        ),
        TrainSpec(
            optimizer=pick(Sgd(learning_rate=rate), Adam(learning_rate=rate, epsilon=pick(1e-7, 1e-3))),
            update_every=every,
            backprop_through=through,
            clip_value=pick(None, float(10 ** generator.uniform(-3, 0))),
            dtype="float64",
        ),
        seed=seed,
        sequences=int(generator.integers(1, 8)),
        time_steps=time_steps,
        rows=3,
        batch=int(generator.integers(1, 6)),
    )


def supported_case(
    adapter_type: AdapterType,
    *,
    cells: tuple[Cell, ...] = CELLS,
    readout: Readout = "last",
    seed: int = 0,
    hidden: int = 4,
    time_steps: int = 3,
    rows: int = 1,
    batch: int = 4,
) -> Case:
    """A case for promises that hold whatever the spec: the first of several that the adapter can run.

    Raises: UnsupportedSpec where it can run none of them.
    """
    for dtype, cell, optimizer in product(DTYPES, cells, OPTIMIZERS):
        model = ModelSpec(
            cell=cell, inputs=3, hidden=hidden, outputs=2, loss="half_squared_error", readout=readout
        )
        every = 2 if readout == "every" else None
        train = TrainSpec(optimizer=optimizer, update_every=every, dtype=dtype)
        case = make_case(model, train, seed=seed, time_steps=time_steps, rows=rows, batch=batch)
        try:
            adapter_type(case.model, case.train, case.parameters)
        except UnsupportedSpec as error:
            refusal = error
        else:
            return case
    raise refusal


def for_each_optimizer(adapter_type: AdapterType, case: Case) -> list[Case]:
    """The case with each optimizer that the adapter can run."""
    others = (replace(case, train=replace(case.train, optimizer=optimizer)) for optimizer in OPTIMIZERS)
    return [other for other in others if _is_supported(adapter_type, other)]


def _is_supported(adapter_type: AdapterType, case: Case) -> bool:
    try:
        adapter_type(case.model, case.train, case.parameters)
    except UnsupportedSpec:
        return False
    return True


def expect(condition: object, message: str) -> None:
    if not condition:
        raise Nonconformance(message)


def expect_array(what: str, value: object, shape: tuple[int, ...], dtype: str) -> None:
    """Raise unless the value is a finite NumPy array of this shape and dtype."""
    expect(isinstance(value, np.ndarray), f"{what}: expected a NumPy array, got {type(value).__name__}")
    assert isinstance(value, np.ndarray)
    expect(value.shape == shape, f"{what}: expected shape {shape}, got {value.shape}")
    expect(value.dtype == dtype, f"{what}: expected {dtype}, got {value.dtype}")
    expect(
        np.isfinite(value).all(),
        f"{what}: expected finite values, got {np.count_nonzero(~np.isfinite(value))} "
        f"NaN or infinite ones of {value.size}",
    )


def expect_equal(what: str, actual: Array, expected: Array) -> None:
    """Raise unless the arrays are equal bit for bit."""
    expect_array(what, actual, expected.shape, expected.dtype.name)
    if not np.array_equal(actual, expected):
        raise Nonconformance(f"{what}: not the same bits, {_widest(actual, expected)}")


def expect_close(what: str, actual: Array, expected: Array, tolerance: float) -> None:
    """Raise unless equal within `tolerance` times the largest expected value, and a few roundings of 1."""
    expect_array(what, actual, expected.shape, expected.dtype.name)
    rounding = ROUNDING_UNITS * np.finfo(expected.dtype).eps
    allowed = tolerance * np.abs(expected).max(initial=0.0) + rounding
    if np.abs(actual - expected).max(initial=0.0) > allowed:
        raise Nonconformance(f"{what}: {_widest(actual, expected)}, above {tolerance:.0e}")


def difference(actual: Array, expected: Array) -> float:
    """The largest absolute difference over the largest expected magnitude; absolute where all are zero."""
    widest = np.abs(actual.astype(np.float64) - expected).max(initial=0.0)
    scale = np.abs(expected).max(initial=0.0)
    return float(widest / scale if scale > 0 else widest)


def _widest(actual: Array, expected: Array) -> str:
    place = np.unravel_index(np.argmax(np.abs(actual - expected)), expected.shape)
    index = ", ".join(str(int(axis)) for axis in place)
    return (
        f"expected {expected[place]:.12g} at [{index}], got {actual[place]:.12g}, "
        f"a relative difference of {difference(actual, expected):.1e}"
    )
