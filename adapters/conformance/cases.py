"""Models, training and data for the conformance checks."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product, starmap

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from adapters.interface import (
    Adam,
    AdamW,
    Adapter,
    Array,
    Cell,
    Cosine,
    Dtype,
    Exponential,
    ModelSpec,
    Optimizer,
    Readout,
    RmsProp,
    Sgd,
    TrainSpec,
    UnsupportedSpec,
)
from adapters.parameters import draw, normal, shapes

AdapterType = Callable[..., Adapter]
CELLS: tuple[Cell, ...] = ("lstm", "elman", "gru")
DTYPES: tuple[Dtype, ...] = ("float64", "float32")
OPTIMIZERS: tuple[Optimizer, ...] = (
    Adam(learning_rate=0.01),
    Sgd(learning_rate=0.1),
    RmsProp(learning_rate=Exponential(start=0.01, decay=0.5, every=4)),
    AdamW(learning_rate=0.01, weight_decay=0.1),
    Sgd(learning_rate=Cosine(peak=0.1, updates=6, warm_up=2), momentum=0.9),
)
"""All that an optimizer can leave behind: moments, velocities, and how many updates there were."""


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
    lengths: Array | None = None

    def start(self, adapter_type: AdapterType) -> Adapter:
        """A fresh adapter with the data loaded."""
        adapter = adapter_type(self.model, self.train, self.parameters)
        adapter.load(self.inputs, self.targets, self.lengths)
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
    ragged: bool = False,
) -> Case:
    """Seeded parameters N(0, scale), inputs and targets N(0, 1) or classes, all in the spec's dtype.

    Where they are ragged, the sequences are T, 1, T − 1, 2, … steps long, over again after T of them.
    """
    generator = Generator(PCG64(SeedSequence(seed, spawn_key=(1,))))
    leading = (sequences, time_steps) if model.readout == "every" else (sequences,)
    classes = model.loss == "softmax_cross_entropy"
    values = draw(model, seed, dict.fromkeys(shapes(model), normal(scale)))
    return Case(
        model=model,
        train=train,
        parameters={name: value.astype(train.kept_dtype) for name, value in values.items()},
        inputs=generator.normal(size=(sequences, time_steps, model.inputs)).astype(train.kept_dtype),
        targets=generator.integers(model.outputs, size=leading)
        if classes
        else generator.normal(size=(*leading, model.outputs)).astype(train.kept_dtype),
        batches=generator.integers(sequences, size=(rows, batch)),
        lengths=_unlike(sequences, time_steps) if ragged else None,
    )


def _unlike(sequences: int, longest: int) -> Array:
    """Lengths from 1 to the longest, in turn from both ends, so that two sequences have both."""
    half, short = np.divmod(np.arange(sequences) % longest, 2)
    return np.where(short, half + 1, longest - half)


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

    def case(dtype: Dtype, cell: Cell, optimizer: Optimizer) -> Case:
        model = ModelSpec(
            cell=cell, inputs=3, hidden=hidden, outputs=2, loss="half_squared_error", readout=readout
        )
        every = 2 if readout == "every" else None
        train = TrainSpec(optimizer=optimizer, update_every=every, dtype=dtype)
        return make_case(model, train, seed=seed, time_steps=time_steps, rows=rows, batch=batch)

    return next(supported(adapter_type, starmap(case, product(DTYPES, cells, OPTIMIZERS))))


def for_each_optimizer(adapter_type: AdapterType, case: Case) -> Iterator[Case]:
    """The case with each optimizer that the adapter can run."""
    return supported(
        adapter_type,
        (replace(case, train=replace(case.train, optimizer=optimizer)) for optimizer in OPTIMIZERS),
    )


def supported(adapter_type: AdapterType, cases: Iterable[Case]) -> Iterator[Case]:
    """Those of the cases that the adapter can run, one after the other; for SGD, Adam where it has no SGD.

    Raises: UnsupportedSpec where it can run none of them.
    """
    refusals, found = [], False
    for case in cases:
        for attempt in (case, by_adam(case)):
            try:
                attempt.start(adapter_type)
            except UnsupportedSpec as refusal:
                refusals.append(refusal)
            else:
                found = True
                yield attempt
                break
    if not found:
        raise refusals[0]


def by_adam(case: Case) -> Case:
    """The case by Adam where it is by SGD; with so large an epsilon its steps show the gradient, too."""
    adam = Adam(learning_rate=case.train.optimizer.learning_rate, epsilon=1.0)
    return replace(case, train=replace(case.train, optimizer=adam)) if _by_sgd(case) else case


def _by_sgd(case: Case) -> bool:
    return type(case.train.optimizer) is Sgd
