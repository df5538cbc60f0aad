"""tensorflow divides a large batch among as many threads as it may use."""

import numpy as np
import pytest

from adapters.interface import Functions, ModelSpec, Product, Rows, Sgd, TrainSpec
from adapters.tensorflow_backend.alone import alone
from adapters.tensorflow_backend.shares import has_long_updates, shares_for, sizes_of
from tests.groups import of_framework

pytestmark = of_framework("tensorflow")


@pytest.fixture(autouse=True)
def four_threads(monkeypatch):
    monkeypatch.setenv("TF_NUM_INTEROP_THREADS", "4")


@pytest.mark.parametrize(
    ("batch", "sums", "count"),
    [(128, 512, 4), (128, 32, 2), (127, 512, 4), (32, 4096, 2), (20, 4096, 1), (0, 128, 1), (128, 16, 1)],
)
def test_a_batch_is_shared_where_it_is_large(batch, sums, count):
    assert shares_for(batch, sums) == count


@pytest.mark.parametrize(
    ("batch", "sizes"), [(128, [32] * 4), (127, [32, 32, 32, 31]), (65, [17, 16, 16, 16])]
)
def test_no_share_has_more_than_one_sequence_beside_another(batch, sizes):
    assert sizes_of(batch, len(sizes)) == sizes


@pytest.mark.parametrize(
    ("every", "steps", "long"), [(None, 16, True), (None, 15, False), (16, 32, False), (16, 16, True)]
)
def test_a_batch_is_shared_where_its_only_update_has_many_steps(every, steps, long):
    model = ModelSpec(cell="elman", inputs=1, hidden=1, outputs=1, loss="half_squared_error", readout="every")
    train = TrainSpec(optimizer=Sgd(learning_rate=0.1), update_every=every)
    assert has_long_updates(train.spans(model, steps)) is long


def test_without_word_of_threads_nothing_is_shared(monkeypatch):
    monkeypatch.delenv("TF_NUM_INTEROP_THREADS")
    assert shares_for(128, 512) == 1


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize(
    "work",
    [
        Product(rows=30, inner=3, columns=4, shares=2),
        Functions(names=("tanh", "add"), rows=30, columns=4, shares=2),
        Rows(rows=40, columns=4, taken=30, shares=2),
    ],
    ids=lambda work: type(work).__name__,
)
def test_a_part_alone_comes_out_the_same_beside_its_other_shares(work, compiled):
    result = np.asarray(alone(work, compiled=compiled).run(2))
    assert result.shape == (30, 4)
    expected = {Product: 3.0, Functions: np.tanh(np.tanh(0.5) + 0.5) + 0.5, Rows: 1.0}[type(work)]
    np.testing.assert_allclose(result, expected, rtol=1e-6)
