"""Specs that were stored before they gained a field: what they leave out was as it is by default."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from typing import Any

from adapters.interface import ModelSpec, TrainSpec
from adapters.optimizers import OPTIMIZERS
from compare.records.results import Results, TaskRecord


def with_default_fields(results: Results) -> Results:
    """The results, every task's specs with all fields that they have today."""
    return replace(results, tasks=[_completed(task) for task in results.tasks])


def _completed(task: TaskRecord) -> TaskRecord:
    rule = next((rule for rule, name in OPTIMIZERS.items() if name == task.train.get("optimizer")), None)
    train = {
        **task.train,
        **_left_out(TrainSpec, task.train),
        **(_left_out(rule, task.train) if rule else {}),
    }
    return replace(task, model={**task.model, **_left_out(ModelSpec, task.model)}, train=train)


def _left_out(spec: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults of the fields that the values do not have."""
    return {
        field.name: field.default
        for field in fields(spec)
        if field.name not in values and field.default is not MISSING
    }
