"""An adapter in its worker: told what to do, and its answers held against what was promised."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from adapters.interface import Array
from compare.records.run import WorkerFacts
from compare.runner.checked_task import start
from compare.runner.worker import Reply
from compare.runner.worker_process import (
    WorkerFailed,
    WorkerProcess,
    expect_array,
    expect_parameters,
    expect_state,
)
from tasks.interface import Dataset, Task


class Trainee:
    """One adapter on one task from one seed, in one process after the other.

    Every method raises WorkerFailed where the worker fails, or answers what it should not.

    Units: `cold_seconds` by phase, of the first process; `import_rss_bytes` right after its import.
    """

    def __init__(
        self,
        task: Task,
        dataset: Dataset,
        seed: int,
        *,
        data_key: str,
        device: str,
        log: Path,
        begin: Callable[[Path], WorkerProcess],
    ) -> None:
        self._task, self._seed, self._data_key = task, seed, data_key
        self._log, self._begin = log, begin
        self._updates_a_batch = len(task.train.spans(task.model, dataset.inputs.shape[1]))
        self._worker: WorkerProcess | None = None
        self.device = device
        self.process = 0
        self.updates = 0
        self.cold_seconds: dict[str, float] = {}
        self.import_rss_bytes: int | None = None
        self.facts: WorkerFacts | None = None

    @property
    def log(self) -> Path:
        return self._log.with_suffix(f".{self.process}.log") if self.process else self._log

    @property
    def peak_rss_bytes(self) -> int | None:
        return self._worker.peak_rss_bytes if self._worker else None

    def start(self, parameters: Mapping[str, Array] | None = None) -> None:
        """Have a worker with its framework imported, the adapter constructed and the data loaded.

        The adapter begins with these parameters, or those that the task draws.
        """
        task = self._task
        parameters = parameters or start(task, self._seed)
        self._worker = self._begin(self.log)
        self._cold("import", "import_framework")
        self.import_rss_bytes = self.import_rss_bytes or self._worker.peak_rss_bytes
        self.facts = self.call("facts").value
        self._cold("construct", "construct", task.model, task.train, parameters, self.device)
        self.call("read", task.name, self._data_key)
        self._cold("load", "load")

    def leave(self) -> None:
        """End the worker."""
        if self._worker:
            self._worker.end()

    def last_lines(self) -> list[str]:
        """The end of the worker's log."""
        return self._worker.last_lines() if self._worker else []

    def train(self, batches: Array) -> tuple[Array, float]:
        """The losses of these batches, and the seconds that they took."""
        reply = self.call("train", batches)
        expected = (len(batches) * self._updates_a_batch,)
        losses = expect_array("train", reply.value, self._task.train.dtype, expected)
        self.updates += len(losses)
        return losses, reply.seconds

    def expect_finite(self, losses: Array) -> None:
        """Find the losses of the latest updates finite."""
        finite = np.isfinite(losses)
        if not finite.all():
            place = int(np.argmin(finite))
            update = self.updates - len(losses) + place + 1
            raise WorkerFailed("diverged", f"the loss was {losses[place]} at update {update}")

    def parameters(self) -> dict[str, Array]:
        """The parameters as they are now, all of them finite."""
        reply = self.call("parameters")
        when = f"after update {self.updates}"
        return expect_parameters(reply.value, self._task.model, self._task.train.dtype, when)

    def expect_change(self, parameters: Mapping[str, Array]) -> None:
        """Find the parameters not to be those from the start."""
        start, dtype = self._task.initial_parameters(self._seed), self._task.train.dtype
        if all(np.array_equal(value, start[name].astype(dtype)) for name, value in parameters.items()):
            raise WorkerFailed("failed", f"no parameter has changed after update {self.updates}")

    def state(self) -> dict[str, Array] | None:
        """All that training goes on from; None where the adapter cannot tell."""
        return expect_state(self.call("state").value)

    def restore(self, state: Mapping[str, Array], updates: int) -> None:
        """Go on from a state after so many updates."""
        self.call("restore", state)
        self.updates = updates

    def predict(self, inputs: Array) -> Array:
        """Shapes: (N, T, D) -> (N, K), or (N, T, K) with readout 'every'."""
        steps = inputs.shape[1:2] if self._task.model.readout == "every" else ()
        expected = (len(inputs), *steps, self._task.model.outputs)
        outputs = expect_array(
            "predict", self.call("predict", inputs).value, self._task.train.dtype, expected
        )
        if not np.isfinite(outputs).all():
            raise WorkerFailed("diverged", "the predictions are not finite")
        return outputs

    def call(self, method: str, *arguments: object) -> Reply:
        assert self._worker is not None
        return self._worker.call(method, *arguments)

    def _cold(self, phase: str, method: str, *arguments: object) -> None:
        self.cold_seconds.setdefault(phase, self.call(method, *arguments).seconds)
