"""jax shares a large batch among as many devices as it has threads, and the results do not mind."""

from dataclasses import replace

import numpy as np
import pytest

from adapters import open_adapter
from adapters.interface import Adam, ModelSpec, TrainSpec
from adapters.jax_backend import devices
from adapters.parameters import draw, glorot_uniform, shapes, zeros
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.worker_process import Limits
from tests.groups import of_framework

pytestmark = of_framework("jax")

MODEL = ModelSpec(cell="lstm", inputs=3, hidden=128, outputs=4, loss="softmax_cross_entropy")
STACKED = replace(MODEL, cell="gru", layers=2, bidirectional=True, readout="every")
TRAIN = TrainSpec(optimizer=Adam(learning_rate=0.01), clip_norm=0.5, dtype="float64")
BATCH, TIME_STEPS, UPDATES = 64, 5, 6


def data(model):
    """Inputs, targets, lengths and batches."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(2 * BATCH, TIME_STEPS, model.inputs))
    each = {"last": (2 * BATCH,), "every": (2 * BATCH, TIME_STEPS)}[model.readout]
    batches = np.stack([generator.permutation(2 * BATCH)[:BATCH] for _ in range(UPDATES)])
    return inputs, generator.integers(0, model.outputs, each), np.arange(2 * BATCH) % TIME_STEPS + 1, batches


def start(model):
    return draw(model, 1, {n: glorot_uniform if len(s) == 2 else zeros for n, s in shapes(model).items()})


@pytest.mark.parametrize("model", [MODEL, STACKED], ids=["one layer", "two in both directions"])
def test_two_devices_train_in_lockstep_with_numpy(model):
    inputs, targets, lengths, batches = data(model)
    numpy = open_adapter("numpy")(model, TRAIN, start(model))
    numpy.load(inputs, targets, lengths)
    expected = numpy.train(batches)
    remote = RemoteAdapter("jax", Limits(threads=2, timeout_seconds=600))
    remote.construct(model, TRAIN, start(model))
    remote.load(inputs, targets, lengths)
    np.testing.assert_allclose(remote.train(batches).losses, expected, rtol=0, atol=1e-10)
    np.testing.assert_allclose(remote.predict(inputs, lengths), numpy.predict(inputs, lengths), atol=1e-10)
    for name, parameter in numpy.parameters().items():
        np.testing.assert_allclose(remote.parameters()[name], parameter, rtol=0, atol=1e-10)
    assert "XLA sum over devices" in [kernel.name for kernel in remote.kernels(batches[:1])]
    remote.end()


@pytest.mark.parametrize(
    ("kind", "batch", "sums", "count"),
    [
        ("cpu", 128, 512, 4),
        ("cpu", 128, 128, 2),
        ("cpu", 127, 512, 1),
        ("cpu", 129, 512, 3),
        ("cpu", 32, 4096, 2),
        ("cpu", 20, 4096, 1),
        ("cpu", 20, 128, 1),
        ("cpu", 0, 128, 1),
        ("gpu", 128, 512, 1),
    ],
)
def test_a_batch_is_shared_where_it_is_divided_evenly_and_large(kind, batch, sums, count, monkeypatch):
    monkeypatch.setattr(devices.jax, "local_devices", lambda backend: [backend] * 4)
    assert devices.devices_for(kind, batch, sums) == count
