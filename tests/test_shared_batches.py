"""jax and tensorflow divide a large batch among threads, and the results do not mind."""

from dataclasses import replace

import numpy as np
import pytest

from adapters import open_adapter
from adapters.interface import Adam, ModelSpec, TrainSpec
from adapters.parameters import draw, glorot_uniform, shapes, zeros
from adapters.work import Functions, Product, Rows
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits

MODEL = ModelSpec(cell="lstm", inputs=3, hidden=128, outputs=4, loss="softmax_cross_entropy")
STACKED = replace(MODEL, cell="gru", layers=2, bidirectional=True, readout="every")
TRAIN = TrainSpec(optimizer=Adam(learning_rate=0.01), clip_norm=0.5, dtype="float64")
BATCH, TIME_STEPS, UPDATES = 64, 16, 6


def data(model):
    """Inputs, targets, lengths and batches."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(2 * BATCH, TIME_STEPS, model.inputs))
    each = {"last": (2 * BATCH,), "every": (2 * BATCH, TIME_STEPS)}[model.readout]
    batches = np.stack([generator.permutation(2 * BATCH)[:BATCH] for _ in range(UPDATES)])
    return inputs, generator.integers(0, model.outputs, each), np.arange(2 * BATCH) % TIME_STEPS + 1, batches


def start(model):
    return draw(model, 1, {n: glorot_uniform if len(s) == 2 else zeros for n, s in shapes(model).items()})


SHOWS_TWO = {"jax": "XLA sum over devices", "tensorflow": f"XLA product of {BATCH // 2} × "}
"""By adapter: what stands in its programs where two threads share a batch."""


SPECS = {
    "one layer": (MODEL, TRAIN),
    "two in both directions": (STACKED, TRAIN),
    "updates within a sequence": (
        replace(MODEL, cell="elman", readout="every"),
        replace(TRAIN, update_every=2),
    ),
    "cut": (replace(MODEL, cell="elman"), replace(TRAIN, backprop_through=2)),
    "reset before": (replace(MODEL, cell="gru", reset="before"), TRAIN),
}
PARTS = [
    Product(rows=BATCH // 2, inner=128, columns=512, shares=2),
    Functions(names=("tanh", "multiply"), rows=BATCH // 2, columns=512, shares=2),
    Rows(rows=2 * BATCH, columns=48, taken=BATCH // 2, shares=2),
]
QUICK = [*[("jax", spec) for spec in SPECS], ("tensorflow", "cut")]
"""The others of tensorflow's, which is compiled for longer, are run with all cases."""


CASES = [
    pytest.param(
        adapter,
        *SPECS[name],
        marks=() if (adapter, name) in QUICK else pytest.mark.exhaustive,
        id=f"{adapter}-{name}",
    )
    for adapter in SHOWS_TWO
    for name in SPECS
    if (adapter, name) != ("tensorflow", "updates within a sequence")  # which it does not share
]


@pytest.mark.parametrize(("adapter", "model", "train"), CASES)
def test_two_threads_train_in_lockstep_with_numpy(adapter, model, train):
    """Also in batches of other sizes between, from a state restored, on data loaded again; and repeatably."""
    inputs, targets, unlike, batches = data(model)
    lengths = unlike if train.backprop_through is None else None
    numpy = open_adapter("numpy")(model, train, start(model))
    remote = RemoteAdapter(adapter, Limits(threads=2, timeout_seconds=600))
    remote.construct(model, train, start(model))
    for some in (batches, batches[:, :35], batches[:, :7], batches):
        numpy.load(inputs, targets, lengths)
        remote.load(inputs, targets, lengths)
        np.testing.assert_allclose(remote.train(some).losses, numpy.train(some), rtol=0, atol=1e-10)
        remote.restore(remote.state(), remote.updates)
    np.testing.assert_allclose(remote.predict(inputs, lengths), numpy.predict(inputs, lengths), atol=1e-10)
    for name, parameter in numpy.parameters().items():
        np.testing.assert_allclose(remote.parameters()[name], parameter, rtol=0, atol=1e-10)
    state, losses = remote.state(), remote.train(batches).losses
    remote.restore(state, 0)
    np.testing.assert_array_equal(remote.train(batches).losses, losses)  # to the last bit
    names = " ".join(kernel.name for kernel in remote.kernels(batches[:1]))
    assert SHOWS_TWO[adapter] in names
    assert "XLA exchange between devices" not in names
    assert remote.shares(BATCH) == 2
    assert max(remote.seconds_alone(PARTS, 0.0)) > 0
    remote.end()
