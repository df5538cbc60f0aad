"""Every task on every adapter, in float64: the same losses, predictions and parameters as NumPy's."""

from dataclasses import replace
from functools import cache
from itertools import count

import numpy as np
import pytest

from adapters import ADAPTERS, open_adapter
from adapters.conformance.cases import make_case
from adapters.interface import Adam, ModelSpec, Sgd, TrainSpec
from adapters.parameters import shapes
from tasks import TASKS

UPDATES = 200
TOLERANCE = 1e-10


@cache
def trained(name, task_name, dtype="float64"):
    """Losses over at least 200 updates, and the predictions and parameters after them."""
    task = TASKS[task_name]
    dataset = task.dataset("digits" if task_name == "mnist-rows" else "computed")
    inputs = dataset.inputs[:512]
    updates_per_batch = len(task.train.spans(task.model, inputs.shape[1]))
    steps = -(-UPDATES // updates_per_batch)
    epochs = (task.batches(len(inputs), 0, epoch) for epoch in count())
    batches = np.concatenate([next(epochs) for _ in range(-(-steps // (len(inputs) // task.batch_size)))])
    adapter = open_adapter(name)(
        task.model, replace(task.train, dtype=dtype), task.initial_parameters(seed=0)
    )
    adapter.load(inputs, dataset.targets[:512])
    losses = adapter.train(batches[:steps])
    return losses, adapter.predict(dataset.held_out_inputs[:7]), adapter.parameters()


def relative(ours, theirs):
    return np.max(np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1e-3))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", [name for name in ADAPTERS if name != "numpy"])
def test_float64_losses_agree_over_two_hundred_updates(name, task):
    losses, predictions, parameters = trained(name, task)
    expected_losses, expected_predictions, expected_parameters = trained("numpy", task)
    assert len(losses) >= UPDATES
    assert relative(losses, expected_losses) < TOLERANCE
    assert relative(predictions, expected_predictions) < TOLERANCE
    for parameter in shapes(TASKS[task].model):
        assert relative(parameters[parameter], expected_parameters[parameter]) < TOLERANCE


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", ADAPTERS)
def test_training_lowers_the_loss(name, task):
    losses, *_ = trained(name, task)
    assert losses[-20:].mean() < losses[:20].mean()


@pytest.mark.parametrize("name", ADAPTERS)
def test_float32_losses_follow_the_float64_ones(name):
    losses, *_ = trained(name, "mnist-rows", "float32")
    expected, *_ = trained("numpy", "mnist-rows")
    assert losses.dtype == np.float32
    assert np.max(np.abs(losses - expected)) < 2e-3


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
@pytest.mark.parametrize("optimizer", [Sgd(learning_rate=1e300), Adam(learning_rate=0.1, epsilon=1e300)])
@pytest.mark.parametrize("name", ["torch", "torch-autograd", "tensorflow"])
def test_what_is_beyond_float32_is_infinite_as_in_numpy(name, optimizer):
    model = ModelSpec(cell="elman", inputs=2, hidden=3, outputs=2, loss="half_squared_error")
    case = make_case(model, TrainSpec(optimizer=optimizer, clip_value=1e300), rows=2)
    losses, expected = (case.start(open_adapter(each)).train(case.batches) for each in (name, "numpy"))
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
