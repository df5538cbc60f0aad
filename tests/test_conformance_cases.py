"""The conformance suite's cases reach what they are there for."""

from dataclasses import fields
from functools import cache

import numpy as np
import pytest

from adapters.conformance.cases import make_case
from adapters.conformance.random_cases import random_case
from adapters.interface import ModelSpec, Sgd, TrainSpec
from adapters.numpy_backend.adapter import NumpyAdapter
from adapters.optimizers import OPTIMIZERS
from adapters.schedules import SCHEDULES

MODEL = ModelSpec(cell="elman", inputs=1, hidden=1, outputs=1, loss="half_squared_error")
TRAIN = TrainSpec(optimizer=Sgd(learning_rate=0.1))


@pytest.mark.parametrize("sequences", [2, 7])
@pytest.mark.parametrize("time_steps", range(2, 8))
def test_sequences_of_unlike_length_have_the_least_and_the_greatest(time_steps, sequences):
    lengths = make_case(MODEL, TRAIN, sequences=sequences, time_steps=time_steps, ragged=True).lengths
    assert (lengths.min(), lengths.max()) == (1, time_steps)


@pytest.mark.parametrize("time_steps", range(1, 8))
def test_as_many_of_them_as_there_are_steps_have_every_length(time_steps):
    lengths = make_case(MODEL, TRAIN, sequences=time_steps, time_steps=time_steps, ragged=True).lengths
    assert np.sort(lengths).tolist() == [*range(1, time_steps + 1)]


@cache
def random_specs():
    """Models, how they are trained, optimizers and schedules of some random cases."""
    cases = [random_case(seed) for seed in range(200)]
    rules = [case.train.optimizer for case in cases]
    return [part for case in cases for part in (case.model, case.train)] + [
        part for rule in rules for part in (rule, rule.learning_rate)
    ]


@pytest.mark.parametrize("kind", [ModelSpec, TrainSpec, *OPTIMIZERS, *SCHEDULES])
def test_random_cases_vary_every_field(kind):
    """But for the dtype, which is always float64."""
    found = [spec for spec in random_specs() if type(spec) is kind]
    names = {field.name for field in fields(kind)}
    varied = {name for name in names if len({getattr(spec, name) for spec in found}) > 1}
    assert names - varied == ({"dtype"} if kind is TrainSpec else set())


def test_random_cases_are_up_to_three_layers_deep():
    assert {spec.layers for spec in random_specs() if type(spec) is ModelSpec} == {1, 2, 3}


def test_random_cases_have_something_to_lose():
    """As the cross-entropy over a single class has not, whatever an adapter computes."""
    for seed in range(50):
        case = random_case(seed)
        assert case.start(NumpyAdapter).train(case.batches).any(), case
