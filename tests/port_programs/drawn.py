"""Architectures, losses and update rules drawn at random, that every framework has."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What a seed draws."""

    cell: str
    inputs: int
    hidden: int
    layers: int
    bidirectional: bool
    words: bool
    norm: bool
    every: bool
    classes: bool
    outputs: int
    momentum: float
    nesterov: bool
    clip: float | None
    rate: float


def draw(seed):
    """The same for the same seed, in every framework."""
    random = np.random.default_rng(seed)
    momentum, words = float(random.choice([0.0, 0.9])), bool(random.integers(2))
    clipped = bool(random.integers(2)) and not words  # Keras clips an embedding's gradient token by token
    return Drawn(
        cell=str(random.choice(["lstm", "gru", "elman"] if seed % 2 == 0 else ["lstm", "elman"])),
        inputs=int(random.integers(1, 5)),
        hidden=int(random.integers(2, 8)),
        layers=int(random.integers(1, 3)),
        bidirectional=bool(random.integers(2)),
        words=words,
        norm=bool(random.integers(2)),
        every=bool(random.integers(2)),
        classes=bool(random.integers(2)),
        outputs=int(random.integers(2, 5)),
        momentum=momentum,
        nesterov=bool(momentum and random.integers(2)),
        clip=float(random.choice([0.01, 0.1])) if clipped else None,
        rate=float(random.choice([0.05, 0.1])),
    )


def drawn_data(seed):
    """One batch."""
    spec, random = draw(seed), np.random.default_rng(1000 + seed)
    rows, steps = 5, 9
    inputs = (
        random.integers(0, 11, (rows, steps))
        if spec.words
        else random.normal(size=(rows, steps, spec.inputs))
    )
    shape = (rows, steps) if spec.every else (rows,)
    if spec.classes:
        return inputs, random.integers(0, spec.outputs, shape)
    return inputs, random.normal(size=(*shape, spec.outputs))
