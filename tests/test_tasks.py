"""What each task learns, from what start, in what order, and how it is evaluated."""

import subprocess
import sys

import numpy as np
import plotly.data
import pytest
from sklearn.datasets import load_digits

from adapters import open_adapter
from adapters.interface import Adam, AdamW, Cosine, RmsProp, Sgd
from adapters.validation import check_data, check_parameters
from compare.runner.task_loading import tasks_of_all
from tasks import TASKS, registered
from tasks.interface import DataRequest
from tasks.sine_data import closed_loop

KEYS = {
    "sine-online": "computed",
    "sine-window": "computed",
    "sine-lstm": "computed",
    "mnist-rows": "digits",
    "adding": "computed",
    "life-expectancy": "computed",
}
every_task = pytest.mark.parametrize("name", TASKS)
DIGITS = DataRequest(choice="digits")


@pytest.fixture(scope="module")
def datasets():
    return {name: task.dataset(task.prepare(DIGITS)) for name, task in TASKS.items()}


def test_the_tasks_are_these_and_their_keys_these():
    assert {name: task.prepare(DIGITS) for name, task in TASKS.items()} == KEYS


def test_importing_the_tasks_imports_no_framework():
    program = (
        "import sys, tasks;"
        "print([name for name in ('tensorflow', 'tensorflow_datasets', 'torch', 'sklearn', 'scipy')"
        " if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@every_task
def test_the_data_fit_the_specs(name, datasets):
    task, data = TASKS[name], datasets[name]
    check_data(task.model, task.train, data.inputs, data.targets, data.lengths)
    held_out = data.held_out_inputs, data.held_out_targets, data.held_out_lengths
    check_data(task.model, task.train, *held_out)
    assert data.inputs.dtype == data.held_out_inputs.dtype == np.float32


@pytest.mark.parametrize(
    ("name", "inputs", "targets", "held_out", "updates"),
    [
        ("sine-online", (1, 20, 1), (1, 20, 1), 1, 20),
        ("sine-window", (100, 50, 50), (100, 1), 50, 1),
        ("sine-lstm", (100, 50, 1), (100, 1), 50, 1),
        ("mnist-rows", (1437, 28, 28), (1437,), 360, 1),
        ("adding", (1000, 200, 2), (1000, 1), 500, 1),
        ("life-expectancy", (113, 11, 2), (113, 11, 1), 29, 1),
    ],
)
def test_shapes_and_updates_a_sequence(name, inputs, targets, held_out, updates, datasets):
    task, data = TASKS[name], datasets[name]
    assert data.inputs.shape == inputs
    assert data.targets.shape == targets
    assert len(data.held_out_inputs) == len(data.held_out_targets) == held_out
    assert len(task.train.spans(task.model, inputs[1])) == updates


@pytest.mark.parametrize(
    ("name", "optimizer", "batch_size"),
    [
        ("sine-online", Sgd(learning_rate=0.1), 1),
        ("sine-window", Sgd(learning_rate=0.05), 1),
        ("sine-lstm", Adam(learning_rate=0.01), 20),
        ("mnist-rows", Adam(learning_rate=0.001), 128),
        ("adding", RmsProp(learning_rate=Cosine(peak=0.01, updates=500)), 20),
        ("life-expectancy", AdamW(learning_rate=Cosine(peak=0.003, updates=700), weight_decay=0.1), 16),
    ],
)
def test_how_each_task_is_trained(name, optimizer, batch_size):
    assert TASKS[name].train.optimizer == optimizer
    assert TASKS[name].batch_size == batch_size
    assert TASKS[name].train.clip_value == (10.0 if name == "sine-window" else None)
    assert TASKS[name].train.clip_norm == (1.0 if name == "adding" else None)


@pytest.mark.parametrize("name", ["adding", "life-expectancy"])
def test_a_schedule_ends_with_the_training(name, datasets):
    task, sequences = TASKS[name], len(datasets[name].inputs)
    updates = {
        task.epochs(preset, "computed") * (sequences // task.batch_size)
        for preset in ("quick", "standard", "full")
    }
    assert updates == {task.train.optimizer.learning_rate.updates}


def test_all_leaves_the_long_tasks_out_when_quick():
    names = tuple(registered())
    assert tasks_of_all("quick") == (names[:4] + names[6:], ("adding", "life-expectancy"))
    assert tasks_of_all("standard") == tasks_of_all("full") == (names, ())


@pytest.mark.parametrize(
    ("name", "key", "epochs", "seeds"),
    [
        ("sine-online", "computed", (300, 300, 300), (1, 3, 10)),
        ("sine-window", "computed", (25, 25, 25), (1, 3, 10)),
        ("sine-lstm", "computed", (20, 40, 40), (1, 3, 10)),
        ("mnist-rows", "mnist", (1, 3, 10), (1, 3, 3)),
        ("mnist-rows", "digits", (10, 40, 60), (1, 3, 3)),
        ("adding", "computed", (10, 10, 10), (1, 2, 3)),
        ("life-expectancy", "computed", (100, 100, 100), (1, 1, 10)),
    ],
)
def test_presets(name, key, epochs, seeds):
    presets = ("quick", "standard", "full")
    assert tuple(TASKS[name].epochs(preset, key) for preset in presets) == epochs
    assert tuple(TASKS[name].seeds(preset) for preset in presets) == seeds


def test_online_targets_are_the_next_points(datasets):
    data = datasets["sine-online"]
    points = np.sin(np.linspace(2, 10, 21))
    np.testing.assert_allclose(data.inputs[0, :, 0], points[:-1], rtol=1e-6)
    np.testing.assert_allclose(data.targets[0, :, 0], points[1:], rtol=1e-6)
    assert data.held_out_inputs is data.inputs, "evaluated on the sequence that it was trained on"


@pytest.mark.parametrize("name", ["sine-window", "sine-lstm"])
def test_windows_are_followed_by_their_targets(name, datasets):
    data = datasets[name]
    inputs = np.concatenate([data.inputs, data.held_out_inputs]).sum(axis=2)
    targets = np.concatenate([data.targets, data.held_out_targets])[:, 0]
    for first in range(150):
        window = np.sin(np.arange(first, first + 51))
        np.testing.assert_allclose(inputs[first], window[:-1], atol=1e-7)
        np.testing.assert_allclose(targets[first], window[-1], atol=1e-7)


def test_a_step_of_sine_window_sees_its_own_position_only(datasets):
    inputs = datasets["sine-window"].inputs
    assert not inputs[:, ~np.eye(50, dtype=bool)].any()


def test_digits_are_enlarged_and_framed(datasets):
    data = datasets["mnist-rows"]
    image = data.inputs[0]
    assert data.name == "digits stand-in (not MNIST)"
    assert data.inputs.min() == 0
    assert data.inputs.max() == 1
    assert not image[:2].any()
    assert not image[-2:].any()
    np.testing.assert_array_equal(image[2:26:3, 2:26:3], image[4:26:3, 4:26:3])
    assert data.targets.dtype == np.int64
    images, labels = load_digits(return_X_y=True)
    held_out = np.arange(len(labels)) % 5 == 0
    np.testing.assert_array_equal(data.inputs[:, 2:26:3, 2:26:3].reshape(-1, 64) * 16, images[~held_out])
    np.testing.assert_array_equal(data.held_out_targets, labels[held_out])


@every_task
def test_one_seed_is_one_start(name):
    task = TASKS[name]
    start, again, other = (task.initial_parameters(seed) for seed in (3, 3, 4))
    check_parameters(task.model, start)
    assert all(np.array_equal(start[parameter], again[parameter]) for parameter in start)
    assert not np.array_equal(start["input_kernel"], other["input_kernel"])


def test_the_lstms_start_with_their_forget_gates_open():
    for name in ("sine-lstm", "mnist-rows"):
        hidden, start = TASKS[name].model.hidden, TASKS[name].initial_parameters(0)
        assert start["bias"].reshape(4, hidden).tolist() == [[value] * hidden for value in (0, 1, 0, 0)]
        np.testing.assert_allclose(
            start["recurrent_kernel"] @ start["recurrent_kernel"].T, np.eye(hidden), atol=1e-12
        )


@every_task
def test_an_epoch_is_a_shuffle_of_whole_batches(name, datasets):
    task, sequences = TASKS[name], len(datasets[name].inputs)
    batches = task.batches(sequences, seed=0, epoch=5)
    assert batches.shape == (sequences // task.batch_size, task.batch_size)
    assert len(np.unique(batches)) == batches.size, "no sequence comes twice"
    np.testing.assert_array_equal(batches, task.batches(sequences, seed=0, epoch=5))
    if sequences > 1:
        assert not np.array_equal(batches, task.batches(sequences, seed=0, epoch=6))
        assert not np.array_equal(batches, task.batches(sequences, seed=1, epoch=5))


@pytest.mark.parametrize("name", ["sine-online", "sine-window"])
def test_rmse_is_zero_for_the_truth_and_one_for_a_miss_by_one(name, datasets):
    task, data = TASKS[name], datasets[name]
    perfect = task.evaluate(lambda inputs: data.held_out_targets, data)
    missed = task.evaluate(lambda inputs: data.held_out_targets + 1, data)
    assert perfect.metrics == {"rmse": 0.0}
    assert missed.metrics["rmse"] == pytest.approx(1.0)
    assert perfect.picture.predicted == perfect.picture.actual
    assert len(perfect.picture.x) == len(perfect.picture.actual)


@pytest.mark.parametrize("name", ["sine-online", "sine-window", "sine-lstm"])
def test_pictures_show_the_actual_points_over_their_own_x(name, datasets):
    picture = TASKS[name].evaluate(next_point_of(name), datasets[name]).picture
    np.testing.assert_allclose(picture.actual, np.sin(picture.x), atol=1e-6)


def next_point_of(name):
    """The recurrence sin(n + d) = 2·cos(d)·sin(n) − sin(n − d), as a model; zeros for sine-online."""

    def predict(inputs):
        if name == "sine-online":
            return np.zeros_like(inputs)
        points = inputs.sum(axis=2)
        return (2 * np.cos(1) * points[:, -1:] - points[:, -2:-1]).astype(np.float32)

    return predict


def test_the_closed_loop_starts_where_training_ends_and_feeds_itself(datasets):
    windows = []

    def predict(inputs):
        windows.append(inputs)
        return next_point_of("sine-lstm")(inputs)

    result = TASKS["sine-lstm"].evaluate(predict, datasets["sine-lstm"])
    assert result.metrics["rmse"] < 1e-6
    assert result.metrics["closed_loop_rmse"] < 1e-4
    assert result.picture.x == tuple(range(150, 200)), "no point that training has seen is forecast"
    assert result.picture.kind == "closed-loop forecast"
    loop = [window for window in windows if len(window) == 1]
    assert len(loop) == 50
    np.testing.assert_allclose(loop[0][0, :, 0], np.sin(np.arange(100, 150)), atol=1e-6)
    assert {window.shape for window in loop} == {(1, 50, 1)}


def test_a_closed_loop_drops_the_oldest_point_for_the_newest():
    counted = closed_loop(lambda window: window[:, 0] + 10, np.array([[[1.0], [2.0]]]), points=4)
    assert counted.ravel().tolist() == [11.0, 12.0, 21.0, 22.0]


def test_accuracy_counts_the_diagonal_of_the_confusions(datasets):
    task, data = TASKS["mnist-rows"], datasets["mnist-rows"]
    perfect = task.evaluate(lambda images: np.eye(10)[data.held_out_targets], data)
    assert perfect.metrics == {"accuracy": 100.0}
    always_three = task.evaluate(lambda images: np.tile(np.eye(10)[3], (len(images), 1)), data)
    threes = int((data.held_out_targets == 3).sum())
    assert always_three.metrics["accuracy"] == pytest.approx(100 * threes / 360)
    counts = np.array(always_three.picture.counts)
    assert counts[:, 3].sum() == counts.sum() == 360
    assert counts[3, 3] == threes


def test_sums_are_of_the_two_marked_numbers_in_the_first_half(datasets):
    data = datasets["adding"]
    numbers, marks = data.inputs[..., 0].astype(np.float64), data.inputs[..., 1]
    assert set(np.unique(marks)) == {0, 1}
    np.testing.assert_array_equal(marks.sum(axis=1), 2)
    assert not marks[:, 50:].any()
    assert marks[:, :10].any(axis=1).all()
    np.testing.assert_allclose(data.targets[:, 0], 0.5 + (numbers * marks).sum(axis=1) / 4, atol=1e-6)
    assert {data.lengths.min(), data.lengths.max()} == {100, 200}
    assert not data.inputs[np.arange(200) >= data.lengths[:, np.newaxis]].any()


def test_adding_is_evaluated_with_the_lengths(datasets):
    data, asked = datasets["adding"], []

    def predict(inputs, lengths):
        asked.append(lengths)
        return data.held_out_targets + np.float32(0.05) * (np.arange(500) % 2)[:, np.newaxis]

    assert TASKS["adding"].evaluate(predict, data).metrics["right"] == 50.0
    np.testing.assert_array_equal(asked[0], data.held_out_lengths)


def test_countries_are_those_that_plotly_has(datasets):
    """Against plotly's own function; no country is both trained on and held out."""
    table = plotly.data.gapminder().pivot(index="country", columns="year", values="lifeExp")
    data, held_out = datasets["life-expectancy"], np.arange(142) % 5 == 0
    for inputs, gains, life in (
        (data.inputs, data.targets, table[~held_out]),
        (data.held_out_inputs, data.held_out_targets, table[held_out]),
    ):
        np.testing.assert_allclose(inputs[..., 0] * 10 + 60, life.to_numpy()[:, :-1], atol=1e-4)
        np.testing.assert_allclose(gains[..., 0] * 5, np.diff(life, axis=1), atol=1e-4)


def test_the_naive_metrics_are_what_no_learning_gives(datasets):
    data, task = datasets["adding"], TASKS["adding"]
    found = task.evaluate(lambda inputs, lengths: np.full((500, 1), 0.5, np.float32), data).metrics
    assert task.metrics[0].naive == pytest.approx(np.sqrt(1 / 24), abs=5e-4)
    assert found["rmse"] == pytest.approx(task.metrics[0].naive, abs=5e-3)
    assert found["right"] == pytest.approx(task.metrics[1].naive, abs=2)
    data, task = datasets["life-expectancy"], TASKS["life-expectancy"]
    repeated = np.roll(data.held_out_targets, 1, axis=1)
    found = task.evaluate(lambda inputs: repeated, data).metrics
    assert found["rmse"] == pytest.approx(task.metrics[0].naive, abs=5e-3)


@every_task
def test_metrics_are_what_evaluate_measures(name, datasets):
    task, data = TASKS[name], datasets[name]
    model = open_adapter("numpy")(task.model, task.train, task.initial_parameters(0))
    measured = task.evaluate(model.predict, data).metrics
    assert list(measured) == [metric.name for metric in task.metrics]
    assert not task.metrics[0].reached(measured[task.metrics[0].name]), "nothing is reached untrained"


@every_task
def test_seed_0_reaches_the_target(name, datasets):
    task, data = TASKS[name], datasets[name]
    model = open_adapter("numpy")(task.model, task.train, task.initial_parameters(0))
    model.load(data.inputs, data.targets, data.lengths)
    metric = task.metrics[0]
    epochs = task.epochs("standard" if name == "mnist-rows" else "quick", KEYS[name])
    for epoch in range(epochs):
        model.train(task.batches(len(data.inputs), seed=0, epoch=epoch))
        if metric.reached(task.evaluate(model.predict, data).metrics[metric.name]):
            return
    pytest.fail(f"{metric.name} did not come to {metric.target} {metric.unit} in {epochs} epochs")
