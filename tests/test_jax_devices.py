"""jax shares a large batch among as many devices as it has threads, and the results do not mind."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from adapters import open_adapter
from adapters.interface import Adam, ModelSpec, TrainSpec
from adapters.jax_backend import devices
from adapters.jax_backend.cells import sigmoid, tanh
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


@pytest.mark.parametrize(
    ("model", "train"),
    [
        (MODEL, TRAIN),
        (STACKED, TRAIN),
        (replace(MODEL, cell="elman", readout="every"), replace(TRAIN, update_every=2)),
        (replace(MODEL, cell="elman"), replace(TRAIN, backprop_through=2)),
        (replace(MODEL, cell="gru", reset="before"), TRAIN),
    ],
    ids=["one layer", "two in both directions", "updates within a sequence", "cut", "reset before"],
)
def test_two_devices_train_in_lockstep_with_numpy(model, train):
    """Also in batches of other sizes between, from a state restored, on data loaded again."""
    inputs, targets, lengths, batches = data(model)
    numpy = open_adapter("numpy")(model, train, start(model))
    remote = RemoteAdapter("jax", Limits(threads=2, timeout_seconds=600))
    remote.construct(model, train, start(model))
    for some in (batches, batches[:, :7], batches):
        numpy.load(inputs, targets, lengths)
        remote.load(inputs, targets, lengths)
        np.testing.assert_allclose(remote.train(some).losses, numpy.train(some), rtol=0, atol=1e-10)
        remote.restore(remote.state(), remote.updates)
    np.testing.assert_allclose(remote.predict(inputs, lengths), numpy.predict(inputs, lengths), atol=1e-10)
    for name, parameter in numpy.parameters().items():
        np.testing.assert_allclose(remote.parameters()[name], parameter, rtol=0, atol=1e-10)
    names = [kernel.name for kernel in remote.kernels(batches[:1])]
    assert "XLA sum over devices" in names
    assert "XLA exchange between devices" not in names
    remote.end()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize(("ours", "theirs"), [(sigmoid, jax.nn.sigmoid), (tanh, jnp.tanh)])
def test_derivatives_from_values_are_those_of_jax(ours, theirs, dtype):
    x = jnp.array([-8, -3, -0.1, 0, 0.1, 3, 8], dtype)
    unit = float(jnp.finfo(dtype).eps)
    expected, found = (np.asarray(jax.vmap(jax.grad(f))(x), np.float64) for f in (theirs, ours))
    np.testing.assert_allclose(found, expected, rtol=4 * unit, atol=unit)


@pytest.mark.parametrize(
    ("kind", "batch", "sums", "count"),
    [
        ("cpu", 128, 512, 4),
        ("cpu", 128, 64, 2),
        ("cpu", 127, 512, 1),
        ("cpu", 129, 512, 3),
        ("cpu", 32, 4096, 2),
        ("cpu", 20, 4096, 1),
        ("cpu", 20, 128, 1),
        ("cpu", 0, 128, 1),
        ("cpu", 128, 16, 1),
        ("gpu", 128, 512, 1),
    ],
)
def test_a_batch_is_shared_where_it_is_divided_evenly_and_large(kind, batch, sums, count, monkeypatch):
    monkeypatch.setattr(devices.jax, "local_devices", lambda backend: [backend] * 4)
    assert devices.devices_for(kind, batch, sums) == count
