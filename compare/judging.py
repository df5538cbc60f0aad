"""A task's judgement of a model, which may be wrong in itself: tasks come from other packages, too."""

import math

import msgspec

from compare.process import WorkerFailed
from tasks.interface import Confusion, Dataset, Evaluation, Forecast, Predict, Task


def judge(task: Task, predict: Predict, dataset: Dataset) -> Evaluation:
    """What the task makes of a model's predictions, once it is found to be complete, and finite numbers.

    Raises: WorkerFailed where the predictions fail, where the task does, or where a metric is missing.
    """
    try:
        evaluation = task.evaluate(predict, dataset)
        metrics_stored = msgspec.json.encode(evaluation.metrics)
        picture_stored = msgspec.json.encode(evaluation.picture)
        metrics = {metric.name: evaluation.metrics.get(metric.name) for metric in task.metrics}
    except WorkerFailed:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise WorkerFailed("failed", f"evaluate of task {task.name}: {reason}") from error
    for name, value in metrics.items():
        if not (isinstance(value, float | int) and math.isfinite(value)):
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
