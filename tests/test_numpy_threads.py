"""NumPy's adapter splits a large batch over its threads, and the results do not mind."""

from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from adapters.interface import Adam, ModelSpec, TrainSpec
from adapters.numpy_backend.adapter import NumpyAdapter
from adapters.parameters import draw, glorot_uniform, shapes

MODEL = ModelSpec(cell="lstm", inputs=3, hidden=128, outputs=4, loss="softmax_cross_entropy")
TRAIN = TrainSpec(optimizer=Adam(learning_rate=0.01), clip_value=0.02, dtype="float64")
BATCH, TIME_STEPS, UPDATES = 103, 3, 4


def trained(threads, *, readout="last", train=TRAIN, model=MODEL, ragged=False):
    """The adapter after some updates with so many threads, and its losses."""
    model = replace(model, readout=readout)
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(2 * BATCH, TIME_STEPS, model.inputs))
    each = (2 * BATCH,) if readout == "last" else (2 * BATCH, TIME_STEPS)
    initial = draw(model, 1, {name: glorot_or_normal(shape) for name, shape in shapes(model).items()})
    with threadpool_limits(threads, user_api="blas"):
        adapter = NumpyAdapter(model, train, initial)
        lengths = np.arange(2 * BATCH) % TIME_STEPS + 1 if ragged else None
        adapter.load(inputs, generator.integers(0, model.outputs, each), lengths)
        batches = np.stack([generator.permutation(2 * BATCH)[:BATCH] for _ in range(UPDATES)])
        return adapter, adapter.train(batches)


def glorot_or_normal(shape):
    return glorot_uniform if len(shape) == 2 else lambda generator, size: generator.normal(size=size)


@pytest.mark.parametrize(
    ("readout", "update_every"), [("last", None), ("every", None), ("every", 2)], ids=str
)
def test_threads_change_no_result_beyond_rounding(readout, update_every):
    train = replace(TRAIN, update_every=update_every)
    alone, losses = trained(1, readout=readout, train=train)
    split, split_losses = trained(3, readout=readout, train=train)
    assert [len(alone._parts), len(split._parts)] == [alone.shares(BATCH), split.shares(BATCH)] == [1, 3]
    np.testing.assert_allclose(split_losses, losses, rtol=1e-12)
    for name, value in alone.parameters().items():
        np.testing.assert_allclose(split.parameters()[name], value, rtol=0, atol=1e-10)


@pytest.mark.parametrize("readout", ["last", "every"])
def test_nor_do_those_of_layers_in_both_directions_on_sequences_of_unlike_length(readout):
    model = replace(MODEL, cell="gru", layers=2, bidirectional=True)
    train = replace(TRAIN, clip_value=None, clip_norm=0.5)
    options = {"readout": readout, "train": train, "model": model, "ragged": True}
    (alone, losses), (split, split_losses) = trained(1, **options), trained(3, **options)
    assert [len(alone._parts), len(split._parts)] == [1, 2]
    np.testing.assert_allclose(split_losses, losses, rtol=1e-12)


def test_the_same_threads_give_the_same_losses_bit_for_bit():
    (_, first), (_, second) = trained(3), trained(3)
    assert first.tolist() == second.tolist()
