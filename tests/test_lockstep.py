"""Every task on every adapter, in float64: the same losses, predictions and parameters as NumPy's."""

from dataclasses import replace
from functools import cache
from itertools import count, product

import numpy as np
import pytest

from adapters import default_names, open_adapter
from adapters.conformance.cases import make_case
from adapters.conformance.reference import Reference
from adapters.interface import Adam, ModelSpec, Sgd, TrainSpec
from adapters.parameters import shapes
from tasks import TASKS
from tests.groups import each_adapter

UPDATES = {"mnist-rows": 10, "adding": 20}
"""Two hundred elsewhere; an update of 128 units, or of 200 steps, takes longer than a test's share."""

TOLERANCE = 1e-10


@cache
def trained(name, task_name, dtype="float64", updates=None):
    """Losses over so many updates at least, and the predictions and parameters after them."""
    task = TASKS[task_name]
    dataset = task.dataset("digits" if task_name == "mnist-rows" else "computed")
    inputs = dataset.inputs[:512]
    updates_per_batch = len(task.train.spans(task.model, inputs.shape[1]))
    steps = -(-(updates or UPDATES.get(task_name, 200)) // updates_per_batch)
    epochs = (task.batches(len(inputs), 0, epoch) for epoch in count())
    batches = np.concatenate([next(epochs) for _ in range(-(-steps // (len(inputs) // task.batch_size)))])
    adapter = open_adapter(name)(
        task.model, replace(task.train, dtype=dtype), task.initial_parameters(seed=0)
    )
    lengths, held_out_lengths = (
        None if each is None else each[:512] for each in (dataset.lengths, dataset.held_out_lengths)
    )
    adapter.load(inputs, dataset.targets[:512], lengths)
    losses = adapter.train(batches[:steps])
    few = None if held_out_lengths is None else held_out_lengths[:7]
    return losses, adapter.predict(dataset.held_out_inputs[:7], few), adapter.parameters()


def relative(ours, theirs):
    return np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-3))


def assert_lockstep(name, task, updates=None):
    losses, predictions, parameters = trained(name, task, updates=updates)
    expected_losses, expected_predictions, expected_parameters = trained("numpy", task, updates=updates)
    assert relative(losses, expected_losses) < TOLERANCE
    assert relative(predictions, expected_predictions) < TOLERANCE
    for parameter in shapes(TASKS[task].model):
        assert relative(parameters[parameter], expected_parameters[parameter]) < TOLERANCE


LONG = ("sine-online", "mnist-rows", "adding", "life-expectancy")
"""Tasks left out of compiled adapters: they take seconds, or, the first, a run of all adapters proves it."""


def each_pair():
    """Every other adapter on every task; what takes long is exhaustive."""
    for name, task in product((name for name in default_names() if name != "numpy"), TASKS):
        long = name in ("tensorflow", "jax") and task in LONG
        (case,) = each_adapter([name], [pytest.mark.exhaustive] if long else [])
        yield pytest.param(name, task, marks=case.marks, id=f"{name}-{task}")


each_other = pytest.mark.parametrize("name", each_adapter(n for n in default_names() if n != "numpy"))


@pytest.mark.parametrize(("name", "task"), [*each_pair()])
def test_float64_losses_agree_over_hundreds_of_updates(name, task):
    assert_lockstep(name, task)


@pytest.mark.exhaustive
@each_other
def test_float64_losses_agree_over_two_hundred_updates_on_images(name):
    assert_lockstep(name, "mnist-rows", updates=200)


@pytest.mark.parametrize("task", TASKS)
def test_training_lowers_the_loss(task):
    losses, *_ = trained("numpy", task)
    tenth = len(losses) // 10
    assert losses[-tenth:].mean() < losses[:tenth].mean()


@pytest.mark.parametrize(
    "name",
    each_adapter(["numpy", "torch"])
    + each_adapter([n for n in default_names() if n not in ("numpy", "torch")], [pytest.mark.exhaustive]),
)
def test_float32_losses_follow_the_float64_ones(name):
    losses, *_ = trained(name, "sine-lstm", "float32")
    expected, *_ = trained("numpy", "sine-lstm")
    assert losses.dtype == np.float32
    assert np.max(np.abs(losses - expected)) < 2e-3


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
@pytest.mark.parametrize("optimizer", [Sgd(learning_rate=1e300), Adam(learning_rate=0.1, epsilon=1e300)])
@pytest.mark.parametrize("name", each_adapter(["torch", "torch-autograd", "tensorflow"]))
def test_what_is_beyond_float32_is_infinite_as_in_numpy(name, optimizer):
    model = ModelSpec(cell="elman", inputs=2, hidden=3, outputs=2, loss="half_squared_error")
    case = make_case(model, TrainSpec(optimizer=optimizer, clip_value=1e300), rows=2)
    losses, expected = (case.start(open_adapter(each)).train(case.batches) for each in (name, "numpy"))
    np.testing.assert_allclose(losses, expected, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize(
    ("limit", "rate"), [(1.0, 0.1), (1e30, 1e-26), (1e300, 1e-26)], ids=["clipped", "within", "no limit"]
)
@pytest.mark.parametrize(
    "name", [*each_adapter(default_names()), *each_adapter(["numba"], [pytest.mark.exhaustive])]
)
def test_a_gradient_is_clipped_by_its_norm_where_the_square_is_beyond_float32(name, limit, rate):
    model = ModelSpec(cell="lstm", inputs=2, hidden=3, outputs=2, loss="half_squared_error")
    case = make_case(model, TrainSpec(optimizer=Sgd(learning_rate=rate), clip_norm=limit), rows=3)
    case = replace(case, targets=1e25 * case.targets)
    trained, expected = (case.start(each) for each in (open_adapter(name), Reference))
    for each in (trained, expected):
        each.train(case.batches)
    for parameter, value in expected.parameters().items():
        np.testing.assert_allclose(trained.parameters()[parameter], value, rtol=1e-5, atol=1e-6)
    moved = expected.parameters()["readout_kernel"] - case.parameters["readout_kernel"]
    assert np.abs(moved).max() > 0.01
