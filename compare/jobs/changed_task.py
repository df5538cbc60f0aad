"""A task of which some fields are changed."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import asdict

from adapters.interface import Cell
from adapters.parameters import Initializer, forget_ones, glorot_uniform, orthogonal, zeros
from compare.errors import UsageError
from compare.jobs.changes import changed_name, parse_change, with_changes
from compare.jobs.specs import model_spec, plain_train, train_spec, whole_number
from compare.limits import MOST_EPOCHS
from tasks.interface import Task

MOST_SEQUENCES = 2**40

_SHARED: dict[str, Initializer] = {
    "input_kernel": glorot_uniform,
    "recurrent_kernel": orthogonal,
    "bias": zeros,
    "candidate_bias": zeros,
    "readout_kernel": glorot_uniform,
    "readout_bias": zeros,
}
INITIALIZERS: dict[Cell, Mapping[str, Initializer]] = {
    "elman": _SHARED,
    "gru": _SHARED,
    "lstm": {**_SHARED, "bias": forget_ones},
}
"""How parameters begin where no task says it."""


def changed_task(task: Task, changes: Sequence[str]) -> Task:
    """A task with some fields of `model` and `train` otherwise, and a name that says so.

    Raises: UsageError for a field that there is not, or a value outside its domain.
    """
    parsed = [parse_change(change) for change in changes]
    for change in parsed:
        if change.keys[0] not in ("model", "train"):
            raise UsageError(
                f"--set {'.'.join(change.keys)}: {task.name} has the sections model and train; "
                "data are a job's"
            )
    plain = {
        "model": asdict(task.model),
        "train": {**plain_train(task.train), "batch_size": task.batch_size},
    }
    wanted = with_changes(plain, parsed)
    model = model_spec("--set model", wanted["model"])
    train = train_spec("--set train", wanted["train"])
    batch_size = whole_number("--set train", wanted["train"], "batch_size", MOST_SEQUENCES)
    epochs = whole_number("--set train", wanted["train"], "epochs", MOST_EPOCHS)
    own = task.initializers if model.cell == task.model.cell else {}
    changed = copy(task)
    changed.__dict__.update(
        name=changed_name(task.name, changes),
        model=model,
        train=train,
        batch_size=batch_size,
        initializers={**INITIALIZERS[model.cell], **own},
    )
    if epochs is not None:
        changed.__dict__["epochs"] = lambda preset, key: epochs
    return changed
