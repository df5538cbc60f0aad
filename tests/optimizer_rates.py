"""The rows of `adapters/OPTIMIZERS.md` on rates: formulas, functions of n from 0, and who follows which."""

import math

import numpy as np
import pytest

from adapters.interface import Cosine, Exponential, rate_at

PEAK, FLOOR, WARM_UP, UPDATES = 0.5, 0.125, 4, 14
START, DECAY, EVERY = 0.5, 0.25, 3
PLAIN = 0.1
BEFORE, DURING, AFTER = range(WARM_UP), range(WARM_UP, UPDATES), range(UPDATES, UPDATES + 6)
"""The numbers of updates while the rate rises, while it falls, and once it should not."""


def progress(n):
    return (n - WARM_UP) / (UPDATES - WARM_UP)


def half_cosine(p):
    return 0.5 * (1 + math.cos(math.pi * p))


def between(p):
    return FLOOR + (PEAK - FLOOR) * half_cosine(p)


def between_shares(p):
    return PEAK * (FLOOR / PEAK + (1 - FLOOR / PEAK) * half_cosine(p))


FORMULAS = {
    "as given": lambda n: PLAIN,
    "rounded to float32": lambda n: float(np.float32(PLAIN)),
    "peak·(n + 1)/w": lambda n: PEAK * (n + 1) / WARM_UP,
    "peak·n/w": lambda n: PEAK * n / WARM_UP,
    "peak·(⅓ + ⅔·n/w)": lambda n: PEAK * (1 / 3 + 2 / 3 * n / WARM_UP),
    "p = (n − w)/(updates − w)": lambda n: between((n - WARM_UP) / (UPDATES - WARM_UP)),
    "p = (n − w)/T_max": lambda n: between((n - WARM_UP) / TORCH["T_max"]),
    "p = (n − w)/decay_steps": lambda n: between((n - WARM_UP) / KERAS["decay_steps"]),
    "p = (n − w)/(decay_steps − w)": lambda n: between((n - WARM_UP) / (OPTAX["decay_steps"] - WARM_UP)),
    "floor + (peak − floor)·½(1 + cos(π·p))": lambda n: between(progress(n)),
    "peak·(α + (1 − α)·½(1 + cos(π·p)))": lambda n: between_shares(progress(n)),
    "p stays at 1": lambda n: between(1.0),
    "p goes on, and the rate rises again": lambda n: between(progress(n)),
    "start·decay^(n/every)": lambda n: START * DECAY ** (n / EVERY),
    "start·γⁿ": lambda n: START * DECAY**n,
    "start·decay^⌊n/every⌋": lambda n: START * DECAY ** (n // EVERY),
    "start·γ^⌊n/every⌋": lambda n: START * DECAY ** (n // EVERY),
}


def ours(schedule):
    return lambda n: rate_at(schedule, n)


def of_torch(base, name, **options):
    """The rate after n calls of `scheduler.step()`."""

    def rate(n):
        torch = pytest.importorskip("torch")
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base)
        scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **options)
        return stepped(optimizer, scheduler, n)

    return rate


def stepped(optimizer, scheduler, n):
    for _ in range(n):
        optimizer.step()
        scheduler.step()
    return optimizer.param_groups[0]["lr"]


def torch_warm_up_and_cosine(n):
    schedulers = pytest.importorskip("torch").optim.lr_scheduler
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=PEAK)
    rising = schedulers.LinearLR(optimizer, total_iters=WARM_UP)
    falling = schedulers.CosineAnnealingLR(optimizer, **TORCH)
    return stepped(optimizer, schedulers.SequentialLR(optimizer, [rising, falling], [WARM_UP]), n)


def of_keras(name, **options):
    def rate(n):
        return float(getattr(pytest.importorskip("keras").optimizers.schedules, name)(**options)(n))

    return rate


def of_optax(name, **options):
    def rate(n):
        jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
        with jax.enable_x64(True):
            return float(getattr(optax, name)(**options)(np.float64(n)))

    return rate


def plain_in_torch(n):
    torch = pytest.importorskip("torch")
    weight = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    weight.grad = torch.ones(1, dtype=torch.float64)
    torch.optim.SGD([weight], lr=PLAIN).step()
    return -weight.item()


def plain_in_keras(n):
    keras = pytest.importorskip("keras")
    weight = keras.Variable(0.0, dtype="float64")
    keras.optimizers.SGD(PLAIN).apply([keras.ops.ones((), "float64")], [weight])
    return -float(weight.numpy())


def plain_in_optax(n):
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    with jax.enable_x64(True):
        rule = optax.sgd(PLAIN)
        step, _ = rule.update(jax.numpy.ones(()), rule.init(jax.numpy.zeros(())))
        return -float(step)


TORCH = {"T_max": UPDATES - WARM_UP, "eta_min": FLOOR}
KERAS = {
    "initial_learning_rate": 0.0,
    "decay_steps": UPDATES - WARM_UP,
    "alpha": FLOOR / PEAK,
    "warmup_target": PEAK,
    "warmup_steps": WARM_UP,
}
OPTAX = {
    "init_value": 0.0,
    "peak_value": PEAK,
    "warmup_steps": WARM_UP,
    "decay_steps": UPDATES,
    "end_value": FLOOR,
}
COSINES = {
    "here": ours(Cosine(peak=PEAK, updates=UPDATES, warm_up=WARM_UP, floor=FLOOR)),
    "torch": torch_warm_up_and_cosine,
    "keras": of_keras("CosineDecay", **KERAS),
    "optax": of_optax("warmup_cosine_decay_schedule", **OPTAX),
}
IN_KERAS = {"initial_learning_rate": START, "decay_steps": EVERY, "decay_rate": DECAY}
IN_OPTAX = {"init_value": START, "transition_steps": EVERY, "decay_rate": DECAY}

ROWS = {
    "the number 0.1": (
        (0,),
        {
            "here": ours(PLAIN),
            "torch": plain_in_torch,
            "keras": plain_in_keras,
            "optax": plain_in_optax,
        },
    ),
    "while n < w": (BEFORE, COSINES),
    "cosine": (DURING, COSINES),
    "its floor": (DURING, COSINES),
    "after its end": (AFTER, COSINES),
    "exponential": (
        range(12),
        {
            "here": ours(Exponential(start=START, decay=DECAY, every=EVERY)),
            "torch": of_torch(START, "ExponentialLR", gamma=DECAY),
            "keras": of_keras("ExponentialDecay", **IN_KERAS),
            "optax": of_optax("exponential_decay", **IN_OPTAX),
        },
    ),
    "exponential, in stairs": (
        range(12),
        {
            "torch": of_torch(START, "StepLR", step_size=EVERY, gamma=DECAY),
            "keras": of_keras("ExponentialDecay", **IN_KERAS, staircase=True),
            "optax": of_optax("exponential_decay", **IN_OPTAX, staircase=True),
        },
    ),
}
"""Row -> the numbers of the updates that it is about, and column -> rate."""
