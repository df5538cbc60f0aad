"""What a task is asked while a run goes on, which may be wrong: tasks come from other packages, too."""

import sys
import time
from itertools import count

import msgspec
import numpy as np

from adapters.interface import Array
from compare.runner.worker_process import WorkerFailed
from compare.text import counted
from tasks.interface import Confusion, Dataset, Evaluation, Forecast, Predict, Task


def initial_parameters(task: Task, seed: int) -> dict[str, Array]:
    """The parameters that a seed begins with.

    Raises: WorkerFailed where the task does.
    """
    try:
        return dict(task.initial_parameters(seed))
    except Exception as error:
        raise _fault(task, "initial_parameters", error) from error


def epoch_batches(task: Task, sequences: int, seed: int, epoch: int) -> Array:
    """The batches of an epoch.

    Shapes: (S, B).
    Raises: WorkerFailed where the task does, or where they are none.
    """
    try:
        return require_batches(task, task.batches(sequences, seed, epoch), sequences)
    except Exception as error:
        raise _fault(task, f"batches of epoch {epoch}, seed {seed},", error) from error


def require_batches(task: Task, batches: object, sequences: int) -> Array:
    """The batches, unchanged.

    Raises: ValueError where they are not whole, or name sequences that there are not.
    """
    found: tuple[int, ...] = batches.shape if isinstance(batches, np.ndarray) else ()
    if len(found) != 2 or 0 in found or found[1] != task.batch_size:
        raise ValueError(f"batches have shape {found}: expected (S, {task.batch_size}), S at least 1")
    assert isinstance(batches, np.ndarray)
    if batches.dtype.kind not in "iu" or batches.min() < 0 or batches.max() >= sequences:
        raise ValueError(f"batches must hold whole numbers from 0 to {sequences - 1}")
    return batches


def _fault(task: Task, part: str, error: BaseException) -> WorkerFailed:
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return WorkerFailed("failed", f"{part} of task {task.name}: {reason}")


def within(limit_seconds: float, predict: Predict) -> Predict:
    """The predictions of one evaluation, which may call for many: all together they have a limit.

    Raises: WorkerFailed after the call that was too late.
    """
    begin, calls = time.monotonic(), count(1)

    def limited(inputs: Array, lengths: Array | None = None) -> Array:
        outputs = predict(inputs, lengths)
        call = next(calls)
        if time.monotonic() - begin > limit_seconds:
            reason = (
                f"evaluate: not done within {limit_seconds:g} s, after {counted(call, 'call')} of predict"
            )
            raise WorkerFailed("timeout", reason)
        return outputs

    return limited


def evaluate(task: Task, predict: Predict, dataset: Dataset) -> Evaluation:
    """What the task makes of a model's predictions: every metric, and finite numbers alone.

    Raises: WorkerFailed where the predictions fail, where the task does, or where a metric is missing.
    """
    try:
        evaluation = task.evaluate(predict, dataset)
        metrics_stored = msgspec.json.encode(evaluation.metrics)
        picture_stored = msgspec.json.encode(evaluation.picture)
        metrics = {metric.name: evaluation.metrics.get(metric.name) for metric in task.metrics}
    except WorkerFailed:
        raise
    except (Exception, SystemExit) as error:
        raise _fault(task, "evaluate", error) from error
    for name, value in metrics.items():
        if not (isinstance(value, float | int) and abs(value) <= sys.float_info.max):
            found = "is missing" if value is None else f"is {value}"
            raise WorkerFailed("failed", f"evaluate of task {task.name}: the metric {name} {found}")
    try:
        msgspec.json.decode(metrics_stored, type=dict[str, float])
        msgspec.json.decode(
            picture_stored, type=Forecast if isinstance(evaluation.picture, Forecast) else Confusion
        )
    except msgspec.ValidationError as error:
        raise WorkerFailed("failed", f"evaluate of task {task.name}: not all is finite: {error}") from error
    return evaluation
