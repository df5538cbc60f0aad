"""A child process that holds one adapter: it does what it is told, and one clock times each thing it does.

Started as `python -m compare.runner.worker MODULE:CLASS DESCRIPTOR`, its environment set before anything is
imported; nothing but the standard library is imported here, so that the framework's import can be timed.
"""

import os
import pickle
import re
import resource
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

LONGEST_GIST = 500

_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_HEADING = re.compile("^Exception encountered when calling|:$")
_STATEMENT = re.compile(r'\s*(?!File "|\[\[|Detected at )\S+ +\S+ +\S')
"""A line that is not only a place: three words at the least."""

if TYPE_CHECKING:
    from adapters.conformance import Outcome
    from adapters.interface import Array, ModelSpec, TrainSpec
    from compare.records.run import ProductRate, Status, WorkerFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a call returned, how long it took, and the worker's largest resident size so far."""

    value: Any
    seconds: float
    peak_rss_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A call that raised: one line of it; the traceback stands in the worker's log."""

    reason: str
    status: "Status" = "failed"


class Worker:
    """The calls that a conductor can make; arguments and results are plain data."""

    def __init__(self, adapter: str) -> None:
        self._name = adapter

    def import_framework(self) -> None:
        from adapters import open_adapter  # noqa: PLC0415

        self._type = open_adapter(self._name)

    def facts(self) -> "WorkerFacts":
        from compare.runner.worker_facts import worker_facts  # noqa: PLC0415

        return worker_facts(self._type)

    def construct(
        self, model: "ModelSpec", train: "TrainSpec", parameters: Mapping[str, "Array"], device: str
    ) -> None:
        self._type.declaration.check_supported(model, train)
        self._adapter = self._type(model, train, parameters, device=device)

    def read(self, task: str, key: str) -> None:
        from tasks import find  # noqa: PLC0415

        dataset = find(task).dataset(key)
        self._data = (dataset.inputs, dataset.targets)

    def select(self, rows: "Array") -> None:
        inputs, targets = self._data
        self._data = (inputs[rows], targets[rows])

    def take(self, inputs: "Array", targets: "Array") -> None:
        self._data = (inputs, targets)

    def load(self) -> None:
        self._adapter.load(*self._data)
        del self._data

    def train(self, batches: "Array") -> "Array":
        return self._adapter.train(batches)

    def predict(self, inputs: "Array") -> "Array":
        return self._adapter.predict(inputs)

    def predict_often(
        self, inputs: "Array", batch: int, seconds: float, fewest: int, most: int
    ) -> list[float]:
        from compare.runner.inference import predict_often  # noqa: PLC0415

        return predict_often(self._adapter.predict, inputs, batch, seconds, fewest, most)

    def product_rate(self, size: int) -> "ProductRate | None":
        from compare.runner.matrix_rate import product_rate  # noqa: PLC0415

        product = self._type.matrix_product(size)
        return product_rate(product, size) if product else None

    def parameters(self) -> dict[str, "Array"]:
        return self._adapter.parameters()

    def state(self) -> "dict[str, Array] | None":
        return self._adapter.state()

    def restore(self, state: Mapping[str, "Array"]) -> None:
        self._adapter.restore(state)

    def conformance(self, check: str, device: str) -> "Outcome":
        from adapters.conformance import CHECKS, run  # noqa: PLC0415

        return run(next(entry for entry in CHECKS if entry.name == check), self._type, device)


def peak_rss_bytes() -> int:
    """The largest resident size of this process since it was started.

    Linux keeps it in VmHWM; its `ru_maxrss` also covers what the parent had before the exec.
    """
    status = Path("/proc/self/status")
    match = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
    return int(match[1]) * 1024 if match else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def serve(worker: Worker, connection: Connection) -> None:
    """Answer (method, arguments) pairs until the other end is closed."""
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        try:
            call = getattr(worker, method)
            begin = time.perf_counter()
            value = call(*arguments)
            seconds = time.perf_counter() - begin
            answer = pickle.dumps(Reply(value=value, seconds=seconds, peak_rss_bytes=peak_rss_bytes()))
        except Exception as error:  # whatever an adapter raises costs its own rows only
            traceback.print_exc()
            answer = pickle.dumps(_failure(method, error))
        connection.send_bytes(answer)


def _failure(method: str, error: Exception) -> Failure:
    from adapters.interface import UnsupportedSpec  # noqa: PLC0415 - the framework's import is timed

    if isinstance(error, UnsupportedSpec):
        return Failure(reason=gist(error), status="unsupported")
    return Failure(reason=f"{method}: {type(error).__name__}: {gist(error)}")


def gist(error: Exception) -> str:
    """The line of a message that says what was wrong: the first, or the last that is more than a place.

    Keras puts "in user code:" and a traceback before it or the arguments after it, TensorFlow "Graph
    execution error:" and the places where the graph was made before it.
    """
    text = _COLOUR.sub("", str(error)).partition("\nArguments received by ")[0].strip() or "no message"
    first, *others = text.splitlines()
    said = [line.strip() for line in others if _STATEMENT.match(line)] if _HEADING.search(first) else []
    return (said[-1] if said else first)[:LONGEST_GIST].encode(errors="replace").decode()


def main() -> None:
    """Serve the adapter named by the first argument over the descriptor that is the second."""
    name, descriptor = sys.argv[1], int(sys.argv[2])
    os.set_inheritable(descriptor, False)
    serve(Worker(name), Connection(descriptor))


if __name__ == "__main__":
    from compare.runner.worker import main as main_under_its_importable_name

    main_under_its_importable_name()
