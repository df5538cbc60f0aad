"""One of the two programs, in a process of its own."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec
import numpy as np

from adapters.interface import Array
from compare.errors import UsageError
from compare.port.records.interface import Batch, Description, Expected, Recorded, Trace
from compare.port.records.rules import Seen
from compare.runner.worker_process import Limits, WorkerFailed, WorkerProcess

VARIABLES = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    "JAX_PLATFORMS": "cpu",
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    "KERAS_BACKEND": "tensorflow",
}
"""One thread on the CPU, so that sums are always taken in one order; XLA compiles in a hurry."""


DOING = {
    "open": "while it was imported and made",
    "data": "in its data()",
    "take": "when it saw the first batch",
    "trace": "while its outputs were computed",
    "differentiate": "while its gradient was computed",
    "train": "while it was trained",
    "observe": "while it was trained",
}
"""What a program was told to do when it failed."""


class PortFailed(Exception):  # noqa: N818 - reads as the fact that it states
    """A program failed on the way; one line says which side, and how."""


class ProgramProcess(WorkerProcess):
    """The process of a program, which runs `compare.port.worker`."""

    module: ClassVar[str] = "compare.port.worker"

    @staticmethod
    def identify(name: str, threads: int) -> tuple[dict[str, str], str]:
        home = os.environ.get("KERAS_HOME", os.path.expanduser("~/.keras"))  # where a program keeps its data
        return {**VARIABLES, "KERAS_HOME": home}, name


class Side:
    """A program and what may be asked of it.

    Raises, with every method: UsageError where the user must change something before any comparison can be
    made; PortFailed where the program fails, hangs or ends.
    """

    def __init__(self, label: str, name: str, limits: Limits) -> None:
        self.label, self.name = label, name
        self._process = ProgramProcess(name, limits)

    def open(self, dtype: str) -> None:
        """Import the file and make the program, in this dtype."""
        self.dtype = dtype
        self.framework = str(self._prepare("open", dtype))

    def data(self, most: int) -> list[Batch] | None:
        """The batches of the file's `data()`; None where it has none."""
        found = self._prepare("data", most)
        return None if found is None else [Batch(inputs=i, targets=t, lengths=n) for i, t, n in found]

    def expected(self) -> Expected | None:
        found: Expected | None = msgspec.convert(self._prepare("expected"), Expected | None)
        return found

    def targets_wanted(self) -> str | None:
        found = self._prepare("targets_wanted")
        return None if found is None else str(found)

    def take(self, batches: Sequence[Batch]) -> Description:
        """Train on these batches in turn from now on; return what the program is."""
        plain = [[each.inputs, each.targets, each.lengths] for each in batches]
        found: Description = msgspec.convert(self._prepare("take", plain), Description)
        return found

    def parameters(self) -> dict[str, Array]:
        return dict(self._call("parameters"))

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        self._call("set_parameters", dict(values))

    def reset(self) -> None:
        self._call("reset")

    def vary(self, slug: str) -> bool:
        """Have it train without a mistake of its framework's own; False where it makes none of that name."""
        return bool(self._call("vary", slug))

    def reseed(self, seed: int) -> None:
        self._call("reseed", seed)

    def begin_with(self, values: Mapping[str, Array]) -> None:
        """Begin anew from these parameters."""
        self.set_parameters(values)
        self.reset()

    def first_trace(self, batch: Batch) -> Trace:
        """As `trace`; what fails here is for the user to change."""
        return _trace(self._prepare("trace", batch.inputs, batch.lengths))

    def trace(self, batch: Batch) -> Trace:
        return _trace(self._call("trace", batch.inputs, batch.lengths))

    def loss_of(self, outputs: Array, targets: Array) -> float:
        return float(self._call("loss_of", outputs, targets))

    def differentiate(self, batch: int = 0) -> tuple[float, dict[str, Array]]:
        loss, gradient = self._call("differentiate", batch)
        return float(loss), gradient

    def train(self, updates: int, first: int = 0) -> Array:
        return np.array(self._call("train", first, updates), np.float64)

    def observe(self, updates: int) -> Seen:
        seen = self._call("observe", updates)
        return Seen(
            dtype=self.dtype,
            norms=[
                {k: float(np.linalg.norm(g)) for k, g in gradient.items()} for _, gradient, _ in seen[:-1]
            ],
            parameters=[values for values, _, _ in seen],
            gradients=[gradient for _, gradient, _ in seen[:-1]],
            rates=[rate for _, _, rate in seen[:-1]],
        )

    def log_text(self) -> str:
        return self._process.log.text()

    def end(self) -> None:
        self._process.end()

    def _prepare(self, method: str, *arguments: object) -> Any:
        try:
            return self._process.call(method, *arguments).value
        except WorkerFailed as failure:
            if failure.status == "timeout" or "the worker " in str(failure):
                raise self._failed(failure) from failure
            raise UsageError(f"{self}: {failure}") from failure

    def _call(self, method: str, *arguments: object) -> Any:
        try:
            return self._process.call(method, *arguments).value
        except WorkerFailed as failure:
            if failure.status == "unsupported":
                raise UsageError(f"{self}: {failure}") from failure
            raise self._failed(failure) from failure

    def _failed(self, failure: WorkerFailed) -> PortFailed:
        how = str(failure).replace("the worker", "its process")
        method, _, said = how.partition(": ")
        how = f"{said} ({DOING[method]})" if method in DOING else how
        hint = ": does it wait for something? raise --timeout" if failure.status == "timeout" else ""
        return PortFailed(f"{self}: {how}{hint}")

    def __str__(self) -> str:
        return f"{self.label} ({self.name})"


def _trace(found: Mapping[str, Any]) -> Trace:
    return Trace(
        outputs=found["outputs"],
        modules={name: Recorded(**recorded) for name, recorded in found["modules"].items()},
    )
