"""The JAX adapter's update rules beside optax, and its gradients beside those that JAX takes by itself.

Wherever optax means something else by the same name, a test shows the difference, and that there is no other.
"""

from functools import partial

import numpy as np
import pytest

from adapters import open_adapter
from adapters.interface import Adam, AdamW, Cosine, Exponential, RmsProp, Sgd, TrainSpec
from tasks import TASKS
from tests.groups import of_framework

pytestmark = of_framework("jax")

ROUNDING = 1e-13
UPDATES = 200
RATE, EPSILON, BETA2 = 0.01, 1e-3, 0.999


@pytest.fixture(autouse=True)
def jax():
    """Imported in the process of its group alone; with float64, which the adapter switches on."""
    jax = pytest.importorskip("jax")
    open_adapter("jax")
    return jax


@pytest.fixture
def optax():
    return pytest.importorskip("optax")


def gradients():
    """The first is 0, the others from vanishing ones to some that clipping shortens."""
    generator = np.random.default_rng(0)
    scales = 10.0 ** generator.uniform(-9, 1, size=(UPDATES, 1))
    scales[0] = 0
    return scales * generator.normal(size=(UPDATES, 7))


def ours(jax, **fields):
    """The parameters after each update by the adapter's rule."""
    from adapters.jax_backend.optimizers import TrainState, update  # noqa: PLC0415

    start = np.linspace(-1, 1, 7)
    state = TrainState(start, 0 * start, 0 * start, np.array(0))
    rule, values = jax.jit(partial(update, TrainSpec(dtype="float64", **fields))), []
    for gradient in gradients():
        state = rule(state, gradient)
        values.append(np.array(state.parameters))
    return np.array(values)


def theirs(jax, transformation):
    """The parameters after each update by a transformation of optax, which may be another one each time."""
    values = [jax.numpy.linspace(-1, 1, 7)]
    state = transformation(0).init(values[0])
    for n, gradient in enumerate(gradients()):
        step, state = transformation(n).update(gradient, state, values[-1])
        values.append(values[-1] + step)
    return np.array(values[1:])


def always(transformation):
    return lambda n: transformation


def assert_same(came, expected):
    assert came.dtype == expected.dtype == np.float64
    np.testing.assert_allclose(came, expected, rtol=ROUNDING, atol=ROUNDING)


def assert_parted(came, expected):
    assert np.abs(came - expected).max() > 1e-4


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_sgd_is_that_of_optax(jax, optax, momentum, nesterov):
    rule = Sgd(learning_rate=RATE, momentum=momentum, nesterov=nesterov)
    expected = theirs(jax, always(optax.sgd(RATE, momentum=momentum or None, nesterov=nesterov)))
    assert_same(ours(jax, optimizer=rule), expected)


def test_rmsprop_is_that_of_optax_where_epsilon_is_put_outside_the_root(jax, optax):
    came = ours(jax, optimizer=RmsProp(learning_rate=RATE, decay=0.8, epsilon=EPSILON))
    rms_prop = partial(optax.rmsprop, RATE, decay=0.8, eps=EPSILON)
    assert_same(came, theirs(jax, always(rms_prop(eps_in_sqrt=False))))
    assert_parted(came, theirs(jax, always(rms_prop())))


@pytest.mark.parametrize("decay", [None, 0.1])
def test_adam_is_that_of_optax_but_for_the_place_of_epsilon(jax, optax, decay):
    """Inside the bias correction, an epsilon divided by √(1−β₂ᵗ) is one that stands outside."""
    rates = {"learning_rate": RATE, "beta2": BETA2, "epsilon": EPSILON}
    if decay is None:
        rule, transformation = Adam(**rates), partial(optax.adam, RATE, b2=BETA2)
    else:
        rule = AdamW(**rates, weight_decay=decay)
        transformation = partial(optax.adamw, RATE, b2=BETA2, weight_decay=decay)
    came = ours(jax, optimizer=rule)
    assert_same(came, theirs(jax, lambda n: transformation(eps=EPSILON / np.sqrt(1 - BETA2 ** (n + 1)))))
    assert_parted(came, theirs(jax, always(transformation(eps=EPSILON))))


@pytest.mark.parametrize("clipping", ["clip_value", "clip_norm"])
def test_gradients_are_clipped_as_by_optax_before_the_moments(jax, optax, clipping):
    clip = {"clip_value": optax.clip, "clip_norm": optax.clip_by_global_norm}[clipping](0.5)
    came = ours(jax, optimizer=Sgd(learning_rate=RATE, momentum=0.9), **{clipping: 0.5})
    assert_same(came, theirs(jax, always(optax.chain(clip, optax.sgd(RATE, momentum=0.9)))))
    assert_parted(came, ours(jax, optimizer=Sgd(learning_rate=RATE, momentum=0.9)))


def test_a_cosine_is_that_of_optax_whose_warm_up_lags_by_one_update(jax, optax):
    came = ours(jax, optimizer=Sgd(learning_rate=Cosine(peak=RATE, updates=150, warm_up=20, floor=0.001)))
    cosine = optax.warmup_cosine_decay_schedule(0.0, RATE, 20, 150, end_value=0.001)
    assert_same(came, theirs(jax, lambda n: optax.sgd(float(cosine(np.float64(n + 1 if n < 20 else n))))))
    assert_parted(came, theirs(jax, lambda n: optax.sgd(float(cosine(np.float64(n))))))


def test_an_exponential_is_that_of_optax(jax, optax):
    rule = AdamW(
        learning_rate=Exponential(start=RATE, decay=0.5, every=30), weight_decay=0.1, epsilon=EPSILON
    )
    rate = optax.exponential_decay(RATE, 30, 0.5)
    expected = theirs(
        jax,
        lambda n: optax.adamw(
            float(rate(np.float64(n))), eps=EPSILON / np.sqrt(1 - BETA2 ** (n + 1)), weight_decay=0.1
        ),
    )
    assert_same(ours(jax, optimizer=rule), expected)


MORE = pytest.mark.exhaustive


@pytest.mark.parametrize(
    ("name", "reverse", "ragged"),
    [
        ("elman", False, False),
        ("lstm", True, True),
        ("gru-after", False, False),
        ("gru-before", True, True),
        pytest.param("elman", True, True, marks=MORE),
        pytest.param("lstm", False, False, marks=MORE),
        pytest.param("gru-after", True, True, marks=MORE),
        pytest.param("gru-before", False, False, marks=MORE),
    ],
)
def test_a_recurrent_kernels_gradient_is_that_of_jax(jax, name, reverse, ragged):
    """The adapter takes it as one product over all steps; JAX adds up one a step."""
    from adapters.jax_backend.cells import CELLS  # noqa: PLC0415
    from adapters.jax_backend.network import recur, scan  # noqa: PLC0415

    kind, _, reset = name.partition("-")
    cell, (steps, batch, hidden) = CELLS[kind, "tanh", reset or "after"], (5, 3, 4)
    columns = {"elman": 4, "lstm": 16, "gru-after": 12, "gru-before": 12}[name]
    generator = np.random.default_rng(1)
    kernel = generator.normal(size=(hidden, columns))
    addends = generator.normal(size=(steps, batch, columns + (4 if name == "gru-after" else 0)))
    state = (generator.normal(size=(batch, hidden)),) * cell.parts
    valid = np.arange(steps)[:, None, None] < np.array([1, 3, 5])[:, None] if ragged else None

    def gradient(ran):
        def total(kernel, addends, state):
            after, sequence = ran(cell, reverse, kernel, valid, addends, state)
            return (sequence**2).sum() + sum((part**3).sum() for part in after)

        return jax.tree.leaves(jax.grad(total, argnums=(0, 1, 2))(kernel, addends, state))

    for came, expected in zip(gradient(recur), gradient(lambda *given: scan(*given)[0]), strict=True):
        np.testing.assert_allclose(came, expected, rtol=1e-11, atol=1e-13)


def test_a_call_of_more_batches_than_a_run_of_the_program_has_goes_on_in_the_next_run(monkeypatch):
    task = TASKS["sine-lstm"]
    dataset = task.dataset("computed")
    order = np.concatenate([task.batches(len(dataset.inputs), 0, epoch) for epoch in range(2)])

    def losses():
        adapter = open_adapter("jax")(task.model, task.train, task.initial_parameters(0))
        adapter.load(dataset.inputs, dataset.targets)
        return adapter.train(order)

    whole = losses()
    monkeypatch.setattr("adapters.jax_backend.adapter.ROWS", 3)
    assert len(order) % 3
    np.testing.assert_array_equal(losses(), whole)
