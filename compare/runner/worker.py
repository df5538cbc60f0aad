"""A child process that holds one adapter: it does what it is told, and one clock times each thing it does.

Its arguments are MODULE:CLASS DESCRIPTOR. Its environment was set before anything is imported; NumPy is not
imported here, so that the framework's import can be timed.
"""

import ctypes
import gc
import os
import re
import resource
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compare.machine.inherited import allowed_cores
from compare.runner.protocol import Failure, Reply, decode_call, encode, train_from_plain

LONGEST_REASON = 500

_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_HEADING = re.compile("^Exception encountered when calling|:$")
_STATEMENT = re.compile(r'\s*(?!File "|\[\[|Detected at )\S+ +\S+ +\S')
"""A line that is not only a place: three words at the least."""

_STATUS, _CLEAR_REFERENCES = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""Of proc(5): what has Linux begin anew with the largest resident size of a process."""

if TYPE_CHECKING:
    from adapters.conformance import Outcome
    from adapters.interface import Adapter, Array
    from compare.records.run import Inference, ProductRate, WorkerFacts
    from compare.runner.parts_alone import PartsAlone


class Worker:
    """The calls that can be made of a worker; arguments and results are plain data."""

    def __init__(self, adapter: str) -> None:
        self._name = adapter
        self._cores = allowed_cores()
        self._adapter: Adapter | None = None
        self._parts: PartsAlone | None = None

    def import_framework(self) -> None:
        from adapters import open_adapter  # noqa: PLC0415

        self._type = open_adapter(self._name)
        gc.freeze()  # no garbage: `begin` need not look through all of a framework again

    def facts(self) -> "WorkerFacts":
        from compare.runner.worker_facts import worker_facts  # noqa: PLC0415

        return worker_facts(self._type, self._cores)

    def begin(self) -> int | None:
        """Forget the adapter before; return the resident size, from which on its largest is counted anew."""
        self._adapter = None
        gc.collect()
        try:
            _CLEAR_REFERENCES.write_text(_RESET_PEAK, encoding="utf-8")
        except OSError:
            return None
        return _bytes_of("VmRSS")

    def construct(
        self, model: dict[str, Any], train: dict[str, Any], parameters: Mapping[str, "Array"], device: str
    ) -> None:
        from adapters.interface import ModelSpec  # noqa: PLC0415

        self._adapter = self._type(ModelSpec(**model), train_from_plain(train), parameters, device=device)

    def read(self, task: str, changes: list[str], key: str) -> None:
        from compare.jobs.datasets import dataset_of  # noqa: PLC0415

        dataset = dataset_of(task, changes, key)
        self._data = self._whole = (dataset.inputs, dataset.targets, dataset.lengths)

    def select(self, rows: "Array") -> None:
        from compare.jobs.arrays import release_pages  # noqa: PLC0415 - the framework's import is timed

        inputs, targets, lengths = self._whole
        self._data = (inputs[rows], targets[rows], None if lengths is None else lengths[rows])
        release_pages(inputs)

    def forget_rest(self) -> None:
        """Keep no data but those that are loaded."""
        del self._whole

    def take(self, inputs: "Array", targets: "Array", lengths: "Array | None" = None) -> None:
        self._data = (inputs, targets, lengths)

    def load(self) -> None:
        self._loaded.load(*self._data)
        del self._data

    def train(self, batches: "Array") -> "Array":
        return self._loaded.train(batches)

    def predict(self, inputs: "Array", lengths: "Array | None" = None) -> "Array":
        return self._loaded.predict(inputs, lengths)

    def measure_predictions(self, inputs: "Array", lengths: "Array | None", seconds: float) -> "Inference":
        from compare.runner.inference import Sequences, measure_predictions  # noqa: PLC0415

        return measure_predictions(self._loaded.predict, Sequences(inputs=inputs, lengths=lengths), seconds)

    def shares(self, batch: int) -> int:
        return self._loaded.shares(batch)

    def product_rate(self, size: int, seconds: float) -> "ProductRate | None":
        from compare.runner.matrix_rate import product_rate  # noqa: PLC0415

        return product_rate(self._type, size, seconds)

    def alone(self, works: list[dict[str, Any]], least_seconds: float) -> list[float] | None:
        from compare.runner.parts_alone import PartsAlone, from_plain  # noqa: PLC0415

        self._parts = self._parts or PartsAlone(self._type)
        return self._parts.seconds([from_plain(work) for work in works], least_seconds)

    def kernels(self, batches: "Array") -> list[tuple[str, int, bool]]:
        from adapters.interface import KernelRun  # noqa: PLC0415
        from compare.text import shortened  # noqa: PLC0415

        ran = self._loaded.kernels(batches)
        ctypes.CDLL(None).fflush(None)  # what libraries say, before the answer
        if not isinstance(ran, tuple | list) or not all(isinstance(run, KernelRun) for run in ran):
            raise TypeError(f"returned {shortened(repr(ran))}: expected a KernelRun for each kernel")
        return [(run.name, run.times, run.compiled) for run in ran]

    def gpu_kernels(self, batches: "Array") -> int | None:
        return self._type.gpu_kernels(lambda: self._loaded.train(batches))

    def parameters(self) -> dict[str, "Array"]:
        return self._loaded.parameters()

    def state(self) -> "dict[str, Array] | None":
        return self._loaded.state()

    def restore(self, state: Mapping[str, "Array"]) -> None:
        self._loaded.restore(state)

    def conformance(self, check: str, device: str) -> "Outcome":
        from adapters.conformance import CHECKS, run  # noqa: PLC0415

        return run(next(entry for entry in CHECKS if entry.name == check), self._type, device)

    @property
    def _loaded(self) -> "Adapter":
        assert self._adapter is not None
        return self._adapter


def peak_rss_bytes() -> int:
    """The largest resident size of this process since it was started, or since `Worker.begin`.

    Linux keeps it in VmHWM; its `ru_maxrss` also covers what the parent had before the exec.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    return _bytes_of("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _bytes_of(field: str) -> int | None:
    match = (
        re.search(rf"{field}:\s+(\d+) kB", _STATUS.read_text(encoding="utf-8")) if _STATUS.exists() else None
    )
    return int(match[1]) * 1024 if match else None


def serve(worker: object, connection: Connection, failure: Callable[[str, BaseException], Failure]) -> None:
    """Answer calls of a worker's methods until the other end is closed; `failure` puts errors in words."""
    while True:
        try:
            content = connection.recv_bytes()
        except EOFError:
            return
        call = decode_call(content)
        try:
            method = getattr(worker, call.method)
            begin = time.perf_counter()
            value = method(*call.arguments)
            seconds = time.perf_counter() - begin
            answer = encode(Reply(value=value, seconds=seconds, peak_rss_bytes=peak_rss_bytes()))
        except (Exception, KeyboardInterrupt, GeneratorExit) as error:  # it costs the adapter's own rows only
            traceback.print_exc()
            answer = encode(failure(call.method, error))
        connection.send_bytes(answer)


def _failure(method: str, error: BaseException) -> Failure:
    from adapters.interface import UnsupportedSpec  # noqa: PLC0415 - the framework's import is timed

    if isinstance(error, UnsupportedSpec):
        return Failure(reason=summary_line(error), status="unsupported")
    return Failure(reason=f"{method}: {type(error).__name__}: {summary_line(error)}")


def summary_line(error: BaseException) -> str:
    """The line of a message that says what was wrong: the first, or the last that is more than a place.

    Keras puts "in user code:" and a traceback before it or the arguments after it, TensorFlow "Graph
    execution error:" and the places where the graph was made before it.
    """
    text = _COLOUR.sub("", _message(error)).partition("\nArguments received by ")[0].strip() or "no message"
    first, *others = text.splitlines()
    said = [line.strip() for line in others if _STATEMENT.match(line)] if _HEADING.search(first) else []
    return (said[-1] if said else first)[:LONGEST_REASON].encode(errors="replace").decode()


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as another:
        return f"its message raised {type(another).__name__}"


def main() -> None:
    """Serve the adapter named by the first argument over the descriptor that is the second."""
    name, descriptor = sys.argv[1], int(sys.argv[2])
    os.set_inheritable(descriptor, False)
    serve(Worker(name), Connection(descriptor), _failure)
