"""Time and memory of one training step against the model's and the batch's size."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from adapters.interface import Array, Cell, Cosine, Exponential, LearningRate, ModelSpec, TrainSpec
from adapters.parameters import draw, normal, shapes
from compare.analysis.sweep import AXES, CENTRE
from compare.benchmarks.interleaved import time_interleaved
from compare.benchmarks.timed_worker import Candidate, Workload
from compare.records.sweep import Size, SweepPoint
from compare.runner.task_loading import open_task
from compare.runner.workers import Workers
from compare.text import counted
from tasks import TASKS
from tasks.interface import Task, TaskReference

HARMLESS_RATE = 1e-6
"""The learning rate of every sweep: so small that training on random numbers stays finite at every size."""


def sizes(cell: Cell = "lstm", bidirectional: bool = False) -> list[Size]:
    """Every size that an axis passes through, each once."""
    centre = replace(CENTRE, cell=cell, bidirectional=bidirectional)
    changes: list[dict[str, Any]] = [{field: value} for field, values in AXES.items() for value in values]
    passed = [replace(centre, **change) for change in changes]
    return list(dict.fromkeys(passed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What is trained at each size: all but the size follows from these."""

    model: ModelSpec
    train: TrainSpec

    def __str__(self) -> str:
        model, train = self.model, self.train
        of_classes = model.loss == "softmax_cross_entropy"
        many = f"{model.outputs} classes" if of_classes else counted(model.outputs, "output")
        rule = f"{type(train.optimizer).__name__} at a rate of {HARMLESS_RATE:g}"
        return f"{counted(model.inputs, 'input')}, {many}, {rule}, {train.dtype}"


def network_named(reference: TaskReference | None) -> tuple[Network, str]:
    """The network of a task with its name; that of `mnist-rows`, and no name, where none is asked for.

    Raises: UsageError where the task cannot be used.
    """
    if reference is None:
        return IMAGE_ROWS, ""
    task = open_task(reference)
    return network_of(task), task.name


def network_of(task: Task) -> Network:
    """A task's network, whose updates are made of whole sequences: these are of other lengths here.

    The learning rate is harmless; a schedule stays one.
    """
    optimizer = replace(task.train.optimizer, learning_rate=_harmless(task.train.optimizer.learning_rate))
    train = replace(task.train, optimizer=optimizer, update_every=None, backprop_through=None)
    return Network(model=task.model, train=train)


def _harmless(rate: LearningRate) -> LearningRate:
    match rate:
        case Cosine():
            return replace(rate, peak=HARMLESS_RATE, floor=0.0)
        case Exponential():
            return replace(rate, start=HARMLESS_RATE)
        case _:
            return HARMLESS_RATE


IMAGE_ROWS = network_of(TASKS["mnist-rows"])
"""The network of `mnist-rows`."""


def workload_of(size: Size, network: Network = IMAGE_ROWS) -> Workload:
    """The training of a network at another size, on random numbers."""
    generator = Generator(PCG64(SeedSequence(0)))
    own = network.model
    of_its_cell: dict[str, Any] = {} if size.cell == own.cell else {"activation": "tanh", "reset": "after"}
    model = replace(
        own,
        **of_its_cell,
        cell=size.cell,
        hidden=size.hidden,
        layers=size.layers,
        bidirectional=size.bidirectional,
    )
    sequences = max(1024, size.batch)
    return Workload(
        model=model,
        train=network.train,
        parameters=draw(model, 0, dict.fromkeys(shapes(model), normal(0.05))),
        inputs=generator.random((sequences, size.time_steps, model.inputs), np.float32),
        targets=_targets(generator, model, sequences, size.time_steps),
        batch=size.batch,
    )


def _targets(generator: Generator, model: ModelSpec, sequences: int, time_steps: int) -> Array:
    read = (sequences, time_steps) if model.readout == "every" else (sequences,)
    if model.loss == "softmax_cross_entropy":
        return generator.integers(0, model.outputs, read)
    return generator.random((*read, model.outputs), np.float32)


def measure(
    size: Size,
    adapters: Sequence[str],
    threads: int,
    rounds: int,
    tick: Callable[[str], None],
    network: Network = IMAGE_ROWS,
    workers: Workers | None = None,
) -> list[SweepPoint]:
    """Every adapter at one size, in alternating turns, each in a worker that has seen no other size."""
    candidates = [Candidate(name=name, adapter=name, threads=threads) for name in adapters]
    times = time_interleaved(workload_of(size, network), candidates, rounds, tick, workers=workers)
    return [
        SweepPoint(
            adapter=name,
            size=size,
            seconds=times[name].seconds_per_update,
            memory_bytes=times[name].memory_bytes,
            status=times[name].status,
            error=times[name].error,
        )
        for name in adapters
    ]
