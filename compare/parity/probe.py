"""What one adapter has to say on one task: its losses, its parameters and its gradients."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from adapters.interface import Array, Dtype, Sgd, TrainSpec
from compare.runner.checked_task import order
from compare.runner.worker_process import WorkerFailed, WorkerProcess, expect_array, expect_parameters
from tasks.interface import Dataset, Task

STAGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """What every adapter is asked on one task.

    Shapes: `batches` (S, B) for the float32 curve, `batches_float64` its first rows or all; `inputs`
    and `targets` are the first batch, cut to the steps of the first update.
    """

    task: Task
    data_key: str
    parameters: dict[str, Array]
    batches: Array
    batches_float64: Array
    inputs: Array
    targets: Array
    updates_per_batch: int

    @property
    def first_update(self) -> TrainSpec:
        """Training whose one update moves every parameter by its gradient."""
        return replace(self.task.train, optimizer=Sgd(learning_rate=1.0), clip_value=None, dtype="float64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Losses in float64 and float32, parameters after the former, gradients at the start in float64."""

    losses: Array
    parameters: dict[str, Array]
    gradients: dict[str, Array]
    losses_float32: Array


def hearing(task: Task, data_key: str, dataset: Dataset, updates: int) -> Hearing:
    """At least so many updates from seed 0, in float32 at least an epoch.

    Raises: WorkerFailed where the task has no batches for them.
    """
    spans = task.train.spans(task.model, dataset.inputs.shape[1])
    rows = -(-updates // len(spans))
    epochs = -(-rows // (len(dataset.inputs) // task.batch_size))
    epochs_of_batches = [order(task, len(dataset.inputs), 0, epoch) for epoch in range(epochs)]
    batches = np.concatenate(epochs_of_batches)[: max(rows, len(epochs_of_batches[0]))]
    steps, first = spans[0].stop, batches[0]
    targets = dataset.targets[first]
    return Hearing(
        task=task,
        data_key=data_key,
        parameters={name: np.asarray(value) for name, value in task.initial_parameters(0).items()},
        batches=batches,
        batches_float64=batches[:rows],
        inputs=dataset.inputs[first, :steps],
        targets=targets[:, :steps] if task.model.readout == "every" else targets,
        updates_per_batch=len(spans),
    )


class Witness:
    """One adapter in a worker of its own."""

    def __init__(
        self,
        adapter: str,
        asked: Hearing,
        threads: int,
        timeout_seconds: float,
        log: Path,
        *,
        device: str,
        memory_limit_bytes: int | None = None,
    ) -> None:
        self._adapter, self._asked, self._device = adapter, asked, device
        self._worker = WorkerProcess(adapter, threads, timeout_seconds, log, memory_limit_bytes)

    def answer(self, tick: Callable[[str], None]) -> Answers:
        """Answer everything; `tick` hears of each of the `STAGES`.

        Raises: WorkerFailed.
        """
        asked, task = self._asked, self._asked.task
        self._worker.call("import_framework")
        gradients = self._gradients()
        tick(self._adapter)
        losses = self._losses(replace(task.train, dtype="float64"), asked.batches_float64)
        parameters = self._parameters()
        tick(self._adapter)
        losses_float32 = self._losses(replace(task.train, dtype="float32"), asked.batches)
        tick(self._adapter)
        return Answers(
            losses=losses, parameters=parameters, gradients=gradients, losses_float32=losses_float32
        )

    def leave(self) -> None:
        """End the worker, whatever it is doing."""
        self._worker.end()

    def _gradients(self) -> dict[str, Array]:
        asked = self._asked
        self._construct(asked.first_update)
        self._worker.call("take", asked.inputs, asked.targets)
        self._worker.call("load")
        before = self._parameters()
        self._train(np.arange(len(asked.inputs))[np.newaxis], "float64", updates=1)
        after = self._parameters()
        return {name: before[name] - after[name] for name in before}

    def _losses(self, train: TrainSpec, batches: Array) -> Array:
        """The curve of a training from the start, on no more sequences than it uses."""
        asked = self._asked
        used, rows = np.unique(batches, return_inverse=True)
        self._construct(train)
        self._worker.call("read", asked.task.name, asked.data_key)
        self._worker.call("select", used)
        self._worker.call("load")
        updates = asked.updates_per_batch * len(batches)
        return self._train(rows.reshape(batches.shape), train.dtype, updates)

    def _construct(self, train: TrainSpec) -> None:
        self._worker.call("construct", self._asked.task.model, train, self._asked.parameters, self._device)

    def _train(self, batches: Array, dtype: Dtype, updates: int) -> Array:
        losses = expect_array("train", self._worker.call("train", batches).value, dtype, (updates,))
        finite = np.isfinite(losses)
        if not finite.all():
            first = int(np.argmin(finite))
            raise WorkerFailed("diverged", f"{dtype}: the loss was {losses[first]} at update {first + 1}")
        return losses

    def _parameters(self) -> dict[str, Array]:
        found = self._worker.call("parameters").value
        return expect_parameters(found, self._asked.task.model, "float64", "float64")
