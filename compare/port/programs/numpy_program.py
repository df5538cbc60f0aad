"""A program in NumPy, or in anything else that speaks NumPy arrays."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import numpy as np

from adapters.interface import Array
from compare.port.programs.arguments import takes_lengths
from compare.port.records.interface import Batch, Description, Expected, Program, Trace, as_array
from compare.port.translation.named import layers_by_name
from compare.port.translation.recognized import read_all, write_all

METHODS = ("parameters", "set_parameters", "outputs", "loss", "gradients", "step")


class NumpyProgram(Program):
    """Any object with these methods, arrays and dictionaries of arrays in and out.

    `parameters()`, `set_parameters(values)`, `outputs(inputs)`, `loss(outputs, targets)`,
    `gradients(inputs, targets)` and `step(inputs, targets)`, which makes one update and returns the loss
    before it. Those that take lengths too are given them, where there are any. Parameters
    that have Lockstep's canonical names, or those of flax, are known; others are matched by shape.
    """

    framework: ClassVar[str] = "numpy"

    def __init__(self, program: Any) -> None:
        missing = [name for name in METHODS if not callable(getattr(program, name, None))]
        if missing:
            raise TypeError(
                f"NumpyProgram takes an object with {', '.join(METHODS)}: {missing[0]} is missing"
            )
        self.program = program

    def prepare(self, dtype: str) -> None:
        self.program.set_parameters({name: value.astype(dtype) for name, value in self._natives().items()})
        self._asked = dtype
        self._layers = layers_by_name({name: value.shape for name, value in self._natives().items()})

    def describe(self) -> Description:
        return Description(
            framework=self.framework,
            dtype=self._dtype(),
            layers=tuple(each.layer for each in self._layers),
            rule=None,
            optimizer=type(self.program).__name__,
        )

    def expected(self) -> Expected | None:
        for each in self._layers:
            if each.layer.kind in {"lstm", "gru", "elman"}:
                return Expected(kind="features", size=each.layer.parts["input_kernel"][0])
        return None

    def parameters(self) -> dict[str, Array]:
        return read_all(self._layers, self._natives())

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        natives = self._natives()
        self.program.set_parameters({**natives, **write_all(self._layers, values, natives)})

    def trace(self, inputs: Array, lengths: Array | None) -> Trace:
        outputs = _call(self.program.outputs, lengths, as_array(inputs, self._asked))
        while isinstance(outputs, tuple | list):
            outputs = outputs[0]
        return Trace(outputs=np.array(outputs), modules={})

    def loss_of(self, outputs: Array, targets: Array) -> float:
        return float(self.program.loss(outputs, as_array(targets, self._asked)))

    def differentiate(self, batch: Batch) -> tuple[float, dict[str, Array]]:
        given = as_array(batch.inputs, self._asked), as_array(batch.targets, self._asked)
        outputs = _call(self.program.outputs, batch.lengths, given[0])
        found = _call(self.program.gradients, batch.lengths, *given)
        natives = {name: np.asarray(found.get(name, np.zeros_like(v))) for name, v in self._natives().items()}
        return float(self.program.loss(outputs, given[1])), read_all(self._layers, natives)

    def step(self, batch: Batch) -> float:
        given = as_array(batch.inputs, self._asked), as_array(batch.targets, self._asked)
        return float(_call(self.program.step, batch.lengths, *given))

    def _natives(self) -> dict[str, Array]:
        return {str(name): np.array(value) for name, value in self.program.parameters().items()}

    def _dtype(self) -> str:
        dtypes = {str(value.dtype) for value in self._natives().values()}
        return dtypes.pop() if len(dtypes) == 1 else self._asked


def _call(method: Callable[..., Any], lengths: Array | None, *given: Array) -> Any:
    with_lengths = lengths is not None and takes_lengths(method, len(given))
    return method(*given, lengths) if with_lengths else method(*given)
