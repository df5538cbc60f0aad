"""jax divides a large batch among devices, and has derivatives of its own for the gates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from adapters.jax_backend import devices
from adapters.jax_backend.cells import sigmoid, tanh
from tests.groups import of_framework

pytestmark = of_framework("jax")


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
