"""Checks of what is computed in fewer digits than float32 has: that it is rounded so, no more and no less."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from math import sqrt

import numpy as np
from numpy.random import PCG64, Generator

from adapters.conformance.cases import CELLS, AdapterType, Case, make_case, supported
from adapters.conformance.expectations import expect, expect_array
from adapters.conformance.reference import Reference
from adapters.dtypes import REDUCED, ROUNDINGS, UNITS
from adapters.interface import Adam, Array, Cell, Dtype, ModelSpec, TrainSpec
from adapters.parameters import shapes

UPDATES = 4


def fewer_digits(adapter_type: AdapterType) -> None:
    """In bfloat16 and float16 losses and outputs are float32, and off by the rounding of that dtype."""
    for case in supported(adapter_type, [_case(dtype, cell) for dtype, cell in product(REDUCED, CELLS)]):
        dtype, adapter = case.train.dtype, case.start(adapter_type)
        losses, outputs = adapter.train(case.batches), adapter.predict(case.inputs)
        expect_array("losses", losses, (UPDATES,), "float32")
        expect_array("predictions", outputs, (len(case.inputs), case.model.outputs), "float32")
        for name, shape in shapes(case.model).items():
            expect_array(f"parameter {name}", adapter.parameters()[name], shape, "float32")
        exact = _losses(case, case.parameters)
        moved = _losses(case, perturbed(case.parameters, UNITS[dtype], seed=0))
        off = float(np.abs(losses - exact).max())
        band = ROUNDINGS * float(np.abs(moved - exact).max())
        least = sqrt(UNITS[dtype] * UNITS["float32"]) * float(np.abs(exact).max())
        expect(
            off <= band,
            f"losses of {case.model.cell} in {dtype}: {off:.1e} from those of float64, above the {band:.1e} "
            "that rounding explains",
        )
        expect(
            off > least,
            f"losses of {case.model.cell} in {dtype}: {off:.1e} from those of float64, as float32 is: the "
            "layers do not compute in it",
        )


def perturbed(parameters: Mapping[str, Array], unit: float, seed: int) -> dict[str, Array]:
    """Every number moved by one unit in the last place, up or down, in float64."""
    generator = Generator(PCG64(seed))
    return {
        name: np.asarray(value, np.float64) * (1 + unit * generator.choice([-1.0, 1.0], value.shape))
        for name, value in parameters.items()
    }


def _losses(case: Case, parameters: Mapping[str, Array]) -> Array:
    """Those of the reference, in float64."""
    reference = Reference(case.model, replace(case.train, dtype="float64"), parameters)
    reference.load(case.inputs, case.targets)
    return reference.train(case.batches)


def _case(dtype: Dtype, cell: Cell) -> Case:
    model = ModelSpec(cell=cell, inputs=3, hidden=8, outputs=2, loss="half_squared_error")
    train = TrainSpec(optimizer=Adam(learning_rate=0.01), dtype=dtype)
    return make_case(model, train, rows=UPDATES)
