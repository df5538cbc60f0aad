"""The conformance suite's cases reach what they are there for."""

import numpy as np
import pytest

from adapters.conformance.cases import make_case
from adapters.interface import ModelSpec, Sgd, TrainSpec

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
