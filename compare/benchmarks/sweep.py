"""Time and memory of one training step against the model's and the batch's size."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from scipy import stats

from adapters.interface import Cell
from adapters.parameters import draw, normal, shapes
from compare.benchmarks.interleaved import time_interleaved
from compare.benchmarks.timed_worker import Candidate, Workload
from compare.records.sweep import Size, SweepPoint
from tasks.mnist import MnistRows

CENTRE = Size(hidden=128, batch=128, time_steps=28)
"""The step of `mnist-rows`."""

AXES: dict[str, tuple[int, ...]] = {
    "hidden": (16, 32, 64, 128, 256, 512),
    "batch": (1, 8, 32, 128, 512),
    "time_steps": (7, 14, 28, 56, 112),
    "layers": (1, 2, 4),
}
"""Field of `Size` -> the values that it takes while the others stay at the centre."""

LABELS = {
    "hidden": "hidden units H",
    "batch": "batch size B",
    "time_steps": "time steps T",
    "layers": "layers L",
}
"""Field of `Size` -> what it is called."""


def sizes(cell: Cell = "lstm", bidirectional: bool = False) -> list[Size]:
    """Every size that an axis passes through, each once."""
    centre = replace(CENTRE, cell=cell, bidirectional=bidirectional)
    changes: list[dict[str, Any]] = [{field: value} for field, values in AXES.items() for value in values]
    passed = [replace(centre, **change) for change in changes]
    return list(dict.fromkeys(passed))


def workload_of(size: Size) -> Workload:
    """The training of `mnist-rows` at another size, on random images."""
    generator = Generator(PCG64(SeedSequence(0)))
    model = replace(
        MnistRows.model,
        cell=size.cell,
        hidden=size.hidden,
        layers=size.layers,
        bidirectional=size.bidirectional,
    )
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


def along(points: Sequence[SweepPoint], adapter: str, field: str) -> list[SweepPoint]:
    """An adapter's points on one axis, in order, those without a time left out."""
    chosen = [
        point
        for point in points
        if point.adapter == adapter and point.seconds and _lies_on(field, point.size)
    ]
    return sorted(chosen, key=lambda point: int(getattr(point.size, field)))


def _lies_on(field: str, size: Size) -> bool:
    """All but this field is as in the centre."""
    return all(getattr(size, other) == getattr(CENTRE, other) for other in AXES if other != field)


def fastest(points: Sequence[SweepPoint], field: str) -> list[tuple[str, list[int]]]:
    """Along an axis, who was fastest from which values to which: (adapter, values in a row)."""
    spans: list[tuple[str, list[int]]] = []
    for value in AXES[field]:
        here = [
            point
            for point in points
            if point.seconds and _lies_on(field, point.size) and getattr(point.size, field) == value
        ]
        if not here:
            continue
        first = min(here, key=lambda point: float(np.median(point.seconds))).adapter
        if spans and spans[-1][0] == first:
            spans[-1][1].append(value)
        else:
            spans.append((first, [value]))
    return spans


def exponent(values: Sequence[float], figures: Sequence[float]) -> float:
    """The power of the value by which a figure grows, over the upper half of the values; NaN below two."""
    upper = slice(len(values) // 2 - 1 if len(values) > 2 else 0, None)
    if len(values) < 2:
        return float("nan")
    fit = stats.linregress(np.log(values[upper]), np.log(figures[upper]))
    return float(fit.slope)
