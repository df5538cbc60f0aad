"""Random cases of everything that the specs can ask for."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from adapters.conformance.cases import CELLS, Case, make_case
from adapters.interface import (
    Adam,
    AdamW,
    Cosine,
    Exponential,
    LearningRate,
    ModelSpec,
    Optimizer,
    RmsProp,
    Sgd,
    TrainSpec,
)

LARGEST = 4
"""Of all sizes: the reference takes a forward pass for every single parameter."""


def random_case(seed: int, updates: int = 3) -> Case:
    """Any cell, layers, directions, lengths, loss, update rule, clipping and truncation, in float64.

    Sizes are multiples of nothing; there are at least so many updates.
    """
    generator = Generator(PCG64(SeedSequence(seed, spawn_key=(2,))))

    def pick(*choices: Any) -> Any:
        return choices[generator.integers(len(choices))]

    def count(most: int = LARGEST) -> int:
        return int(generator.integers(1, most + 1))

    model = _model(pick, count)
    time_steps = count()
    steps = None if model.bidirectional else pick(None, count(time_steps))
    clipping = pick("clip_value", "clip_norm", None)
    train = TrainSpec(
        optimizer=_optimizer(pick, float(10 ** generator.uniform(-3, -1.5))),
        update_every=steps if model.readout == "every" else None,
        backprop_through=steps if model.readout == "last" else None,
        dtype="float64",
        **({clipping: float(10 ** generator.uniform(-3, 0))} if clipping else {}),
    )
    return make_case(
        model,
        train,
        seed=seed,
        sequences=count(7),
        time_steps=time_steps,
        rows=int(np.ceil(updates / len(train.spans(model, time_steps)))),
        batch=count(),
        ragged=pick(False, True),
    )


def _model(pick: Callable[..., Any], count: Callable[..., int]) -> ModelSpec:
    cell, loss = pick(*CELLS), pick("half_squared_error", "softmax_cross_entropy")
    return ModelSpec(
        cell=cell,
        inputs=count(),
        hidden=count(),
        outputs=count(3) + (loss == "softmax_cross_entropy"),  # a class alone has no loss
        loss=loss,
        activation=pick("tanh", "sigmoid") if cell == "elman" else "tanh",
        reset=pick("after", "before") if cell == "gru" else "after",
        layers=pick(1, 1, 2, 3),
        bidirectional=pick(False, False, True),
        bias=pick(True, False),
        readout=pick("last", "every"),
    )


def _optimizer(pick: Callable[..., Any], rate: float) -> Optimizer:
    updates = pick(2, 20, 150)
    learning_rate: LearningRate = pick(
        rate,
        Cosine(
            peak=rate,
            updates=updates,
            warm_up=pick(0, 1, min(8, updates - 1)),
            floor=pick(0.0, rate / 10),
        ),
        Exponential(start=rate, decay=pick(0.5, 0.99), every=pick(1, 30)),
    )
    epsilon = pick(1e-7, 1e-3)
    adam: dict[str, Any] = {
        "learning_rate": learning_rate,
        "beta1": pick(0.0, 0.8, 0.9),
        "beta2": pick(0.95, 0.999),
        "epsilon": epsilon,
    }
    rule: Optimizer = pick(
        Sgd(learning_rate=learning_rate),
        Sgd(learning_rate=learning_rate, momentum=pick(0.3, 0.9), nesterov=pick(False, True)),
        RmsProp(learning_rate=learning_rate, decay=pick(0.5, 0.9, 0.99), epsilon=epsilon),
        Adam(**adam),
        AdamW(**adam, weight_decay=pick(0.0, 0.1)),
    )
    return rule
