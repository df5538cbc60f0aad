"""Time and memory of one training step against the model's and the batch's size."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from adapters.parameters import draw, normal, shapes
from compare.analysis.sweep import AXES, CENTRE
from compare.benchmarks.interleaved import time_interleaved
from compare.benchmarks.timed_worker import Candidate, Workload
from compare.records.sweep import Size, SweepPoint
from tasks.mnist import MnistRows


def sizes() -> list[Size]:
    """Every size that an axis passes through, each once."""
    passed = [replace(CENTRE, **{field: value}) for field, values in AXES.items() for value in values]
    return list(dict.fromkeys(passed))


def workload_of(size: Size) -> Workload:
    """The training of `mnist-rows` at another size, on random images."""
    generator = Generator(PCG64(SeedSequence(0)))
    model = replace(MnistRows.model, hidden=size.hidden)
    sequences = max(1024, size.batch)
    return Workload(
        model=model,
        train=MnistRows.train,
        parameters=draw(model, 0, dict.fromkeys(shapes(model), normal(0.05))),
        inputs=generator.random((sequences, size.time_steps, model.inputs), np.float32),
        targets=generator.integers(0, model.outputs, sequences),
        batch=size.batch,
    )


def measure(
    size: Size, adapters: Sequence[str], threads: int, rounds: int, tick: Callable[[str], None]
) -> list[SweepPoint]:
    """Every adapter at one size, in alternating turns, each in a worker that has seen no other size."""
    candidates = [Candidate(name=name, adapter=name, threads=threads) for name in adapters]
    times = time_interleaved(workload_of(size), candidates, rounds, tick)
    return [
        SweepPoint(
            adapter=name,
            size=size,
            seconds=times[name].seconds_per_update,
            memory_bytes=times[name].memory_bytes,
            error=times[name].error,
        )
        for name in adapters
    ]
