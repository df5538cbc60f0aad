"""What one adapter does on one task: its losses, its parameters and its gradients."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from adapters.conformance.precision import perturbed
from adapters.dtypes import UNITS
from adapters.interface import Array, Dtype, Sgd, TrainSpec, is_reduced
from compare.runner.checked_task import epoch_batches, initial_parameters
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.task_loading import TaskData
from compare.runner.worker_process import WorkerFailed
from tasks.interface import Task, TaskReference

STAGES = 3

PERTURBED_RUNS = 2
"""How often rounding is tried on all parameters."""

SEQUENCES = 8
"""How many of each batch are trained on, at most: the mathematics is the same with any number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityInputs:
    """What every adapter is given on one task.

    Shapes: `batches` (S, SEQUENCES or fewer) for the float32 curve, `batches_float64` its first rows or all;
    `inputs`, `targets` and `lengths` are the first batch, cut to the steps of the first update.
    """

    task: Task
    reference: TaskReference
    data_key: str
    parameters: dict[str, Array]
    batches: Array
    batches_float64: Array
    inputs: Array
    targets: Array
    lengths: Array | None
    time_steps: int

    @property
    def first_update(self) -> TrainSpec:
        """Training whose one update moves every parameter by its gradient."""
        return replace(
            self.task.train,
            optimizer=Sgd(learning_rate=1.0),
            clip_value=None,
            clip_norm=None,
            dtype="float64",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """Losses in the task's dtype of fewer digits; those in float64 where every parameter was moved first.

    It was moved by one unit in the last place of that dtype, up or down; each of `moved` is another draw.
    """

    dtype: Dtype
    losses: Array
    moved: tuple[Array, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """Losses in float64 and float32; after the former parameters and predictions; gradients at the start.

    `gradients` is empty where the adapter cannot show them. `reduced` is None where the task is in
    no dtype of fewer digits.
    """

    losses: Array
    parameters: dict[str, Array]
    predictions: Array
    gradients: dict[str, Array]
    losses_float32: Array
    reduced: Reduced | None = None


def parity_inputs(data: TaskData, updates: int) -> ParityInputs:
    """At least so many updates from seed 0, in float32 at least an epoch, or what is loaded of one at a time.

    Raises: WorkerFailed where the task has no batches for them.
    """
    task, dataset = data.task, data.dataset
    time_steps = dataset.inputs.shape[1]
    spans = task.train.spans(task.model, time_steps)
    rows = -(-updates // len(spans))
    at_once = dataset.sequences_at_once
    epochs = -(-rows // (len(dataset.inputs) // task.batch_size))
    batches_by_epoch = [epoch_batches(task, len(dataset.inputs), 0, epoch) for epoch in range(epochs)]
    longest = len(batches_by_epoch[0]) if at_once is None else at_once // SEQUENCES
    batches = np.concatenate(batches_by_epoch)[: max(rows, longest), :SEQUENCES]
    steps, first = spans[0].stop, batches[0]
    targets, lengths = dataset.targets[first], dataset.lengths
    return ParityInputs(
        task=task,
        reference=data.reference,
        data_key=data.key,
        parameters={name: np.asarray(value) for name, value in initial_parameters(task, 0).items()},
        batches=batches,
        batches_float64=batches[:rows],
        inputs=dataset.inputs[first, :steps],
        targets=targets[:, :steps] if task.model.readout == "every" else targets,
        lengths=None if lengths is None else np.minimum(lengths[first], steps),
        time_steps=time_steps,
    )


def probe(remote: RemoteAdapter, given: ParityInputs, tick: Callable[[], None]) -> Observations:
    """Have an adapter do it all; `tick` hears of each of the `STAGES`.

    Raises: WorkerFailed.
    """
    train = given.task.train
    reduced = _reduced(remote, given) if is_reduced(train.dtype) else None
    gradients = _gradients(remote, given)
    tick()
    losses = _losses(remote, given, replace(train, dtype="float64"), given.batches_float64)
    parameters, predictions = remote.parameters(), remote.predict(given.inputs, given.lengths)
    tick()
    losses_float32 = _losses(remote, given, replace(train, dtype="float32"), given.batches)
    tick()
    return Observations(
        losses=losses,
        parameters=parameters,
        predictions=predictions,
        gradients=gradients,
        losses_float32=losses_float32,
        reduced=reduced,
    )


def _reduced(remote: RemoteAdapter, given: ParityInputs) -> Reduced:
    train, batches = given.task.train, given.batches_float64
    losses = _losses(remote, given, train, batches)
    in_float64, unit = replace(train, dtype="float64"), UNITS[train.dtype]
    moved = [
        replace(given, parameters=perturbed(given.parameters, unit, seed)) for seed in range(PERTURBED_RUNS)
    ]
    return Reduced(
        dtype=train.dtype,
        losses=losses,
        moved=tuple(_losses(remote, each, in_float64, batches) for each in moved),
    )


def _gradients(remote: RemoteAdapter, given: ParityInputs) -> dict[str, Array]:
    """None where the adapter does not have the optimizer that shows them."""
    try:
        remote.construct(given.task.model, given.first_update, given.parameters)
    except WorkerFailed as failure:
        if failure.status == "unsupported":
            return {}
        raise
    remote.load(given.inputs, given.targets, given.lengths)
    before = remote.parameters()
    _train(remote, np.arange(len(given.inputs))[np.newaxis], "float64")
    after = remote.parameters()
    return {name: before[name] - after[name] for name in before}


def _losses(remote: RemoteAdapter, given: ParityInputs, train: TrainSpec, batches: Array) -> Array:
    """The losses of a training from the start, on no more sequences than it uses."""
    used, rows = np.unique(batches, return_inverse=True)
    remote.construct(given.task.model, train, given.parameters)
    remote.load_task(given.reference, given.data_key, given.time_steps, used)
    return _train(remote, rows.reshape(batches.shape), train.dtype)


def _train(remote: RemoteAdapter, batches: Array, dtype: str) -> Array:
    losses = remote.train(batches).losses
    try:
        remote.raise_if_diverged(losses)
    except WorkerFailed as failure:
        raise WorkerFailed(failure.status, f"{dtype}: {failure}") from failure
    return losses
