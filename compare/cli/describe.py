"""`describe TASK`: what would be run, how large it is, and about how long it takes; nothing is trained."""

from collections.abc import Iterator
from math import prod

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters import open_adapter
from adapters.optimizers import OPTIMIZERS
from adapters.parameters import shapes
from compare.runner.matrix_rate import matrix_size, operations_per_sequence, product_rate
from compare.runner.task_loading import TaskData, epochs_of, load_task_data, seeds_of
from compare.text import counted, mebibytes, number
from tasks.interface import DataRequest, Preset, TaskReference

LEAST_SHARE, MOST_SHARE = 0.02, 0.3
"""The shares of the machine's matrix rate between which adapters lie on networks like these."""

MEASURED_SECONDS = 0.2


def describe(reference: TaskReference, request: DataRequest, preset: Preset, console: Console) -> int:
    """Show it; return the exit code.

    Raises: UsageError where it cannot be run.
    """
    with console.status("Making the data ready"):
        data = load_task_data(reference, request)
    table = Table(box=None, show_header=False, pad_edge=False, title=data.task.name, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in (*_facts(data), *_length(data, preset), *_size(data)):
        table.add_row(Text(name), Text(text))
    console.print(table)
    return 0


def _facts(data: TaskData) -> Iterator[tuple[str, str]]:
    task, dataset = data.task, data.dataset
    sequences, steps, inputs = dataset.inputs.shape
    lengths = "" if dataset.lengths is None else f"{dataset.lengths.min()} to "
    model = task.model
    ways = " in both directions" if model.bidirectional else ""
    yield "what", task.summary
    yield "data", dataset.name
    yield (
        "sequences",
        f"{sequences:,} to train on, of {lengths}{counted(steps, 'step')} with {counted(inputs, 'input')}; "
        f"{len(dataset.held_out_inputs):,} held out",
    )
    yield (
        "model",
        f"{model.cell}, {counted(model.layers, 'layer')} of {counted(model.hidden, 'hidden unit')}{ways}, "
        f"{counted(model.outputs, 'output')}: {_parameters(data):,} parameters",
    )


def _length(data: TaskData, preset: Preset) -> Iterator[tuple[str, str]]:
    task, dataset = data.task, data.dataset
    sequences, steps, _ = dataset.inputs.shape
    epochs, seeds = epochs_of(task, preset, data.key), seeds_of(task, preset)
    batches = sequences // task.batch_size
    updates = batches * len(task.train.spans(task.model, steps))
    yield (
        "training",
        f"{OPTIMIZERS[type(task.train.optimizer)]}, batches of {task.batch_size}: "
        f"{counted(updates, 'update')} an epoch, {counted(epochs, 'epoch')}, {counted(seeds, 'seed')} in the "
        f"preset {preset}",
    )
    operations = operations_per_sequence(task.model, task.train, steps, dataset.lengths)
    total = operations * batches * task.batch_size * epochs
    measured = product_rate(open_adapter("numpy"), matrix_size(1), MEASURED_SECONDS)
    assert measured is not None
    rate = measured.operations_per_second
    yield (
        "time",
        f"{number(total / rate / MOST_SHARE, 2)} to {number(total / rate / LEAST_SHARE, 2)} s of training "
        f"from a seed, at {MOST_SHARE:.0%} to {LEAST_SHARE:.0%} of the {number(rate / 1e9)} GFLOP/s that "
        "NumPy's matrix product reaches here; starting, lockstep, timed rounds and evaluation come on top",
    )


def _size(data: TaskData) -> Iterator[tuple[str, str]]:
    task, dataset = data.task, data.dataset
    at_once = dataset.sequences_at_once
    one = dataset.inputs[:1].nbytes
    loaded = f"{mebibytes(one * len(dataset.inputs))} of inputs, all loaded"
    if at_once is not None:
        loaded = (
            f"{mebibytes(one * at_once)} of inputs, {at_once:,} windows, loaded at a time; they are read "
            "from a table on disk"
        )
    steps, model = dataset.inputs.shape[1], task.model
    states = task.batch_size * steps * model.layers * model.width * (model.gates + 2)
    yield (
        "memory",
        f"{loaded}; some {mebibytes(4 * (4 * _parameters(data) + states))} of parameters, their moments "
        "and a batch's states, beside the framework",
    )


def _parameters(data: TaskData) -> int:
    return sum(prod(shape) for shape in shapes(data.task.model).values())
