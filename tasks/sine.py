"""Three tasks on a sine wave: two that tutorials made known, and the one that people would build today."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from adapters.interface import Adam, ModelSpec, Sgd, TrainSpec
from adapters.parameters import Initializer, forget_ones, glorot_uniform, normal, orthogonal, uniform, zeros
from tasks.interface import Dataset, Evaluation, Metric, Predict, Preset, Task
from tasks.sine_data import (
    WINDOW,
    closed_loop,
    forecast,
    root_mean_square,
    sampled_windows,
    split,
)

SEEDS: dict[Preset, int] = {"quick": 1, "standard": 3, "full": 10}


class SineTask(Task):
    """What the three have in common: computed data, as a rule the same number of epochs in every preset."""

    epoch_count: ClassVar[int]

    def dataset(self, key: str) -> Dataset:
        return self.wave()

    @abstractmethod
    def wave(self) -> Dataset:
        """The data, computed."""

    def epochs(self, preset: Preset, key: str) -> int:
        return self.epoch_count

    def seeds(self, preset: Preset) -> int:
        return SEEDS[preset]


class SineOnline(SineTask):
    """Twenty points of a sine, learned point by point: an update at every time step, BPTT(1, 1).

    As in the tutorial, the model is evaluated on the very sequence that it was trained on: what is held
    out is that sequence again.
    """

    name = "sine-online"
    summary = (
        "A small Elman network learns the next point of one sine sequence, updated after every point; "
        "evaluated on that very sequence, as in the tutorial."
    )
    source = "tutorials 000 and 001, “PyTorch – Recurrent Neural Network”"
    model = ModelSpec(
        cell="elman", inputs=1, hidden=6, outputs=1, loss="half_squared_error", bias=False, readout="every"
    )
    train = TrainSpec(optimizer=Sgd(learning_rate=0.1), update_every=1, backprop_through=1)
    batch_size = 1
    epoch_count = 300
    metrics = (Metric(name="rmse", better="lower", unit="amplitude", target=0.15),)
    initializers: ClassVar[Mapping[str, Initializer]] = {
        "input_kernel": normal(0.4),
        "recurrent_kernel": normal(0.4),
        "readout_kernel": normal(0.3),
    }
    times = np.linspace(2.0, 10.0, 21)

    def wave(self) -> Dataset:
        points = np.sin(self.times).astype(np.float32).reshape(1, -1, 1)
        inputs, targets = points[:, :-1], points[:, 1:]
        return Dataset(
            name="20 points of sin on [2, 10]",
            inputs=inputs,
            targets=targets,
            held_out_inputs=inputs,
            held_out_targets=targets,
        )

    def evaluate(self, predict: Predict, dataset: Dataset) -> Evaluation:
        actual = dataset.held_out_targets
        predicted = predict(dataset.held_out_inputs)
        return Evaluation(
            metrics={"rmse": root_mean_square(predicted - actual)},
            picture=forecast("time (radians)", self.times[1:], actual, predicted),
        )


class SineWindow(SineTask):
    """The point that follows 50 others; step t sees a 50-vector, zero but for the point in position t."""

    name = "sine-window"
    summary = (
        "An Elman network with a sigmoid learns the point that follows a window of 50, "
        "its gradient truncated to the last 5 steps."
    )
    source = (
        "tutorial 002, a recurrent network from scratch; its gradient, its learning rate (now 0.05) "
        "and its initial values (now U(−0.1, 0.1)) corrected"
    )
    model = ModelSpec(
        cell="elman",
        inputs=WINDOW,
        hidden=100,
        outputs=1,
        loss="half_squared_error",
        activation="sigmoid",
        bias=False,
    )
    train = TrainSpec(optimizer=Sgd(learning_rate=0.05), backprop_through=5, clip_value=10.0)
    batch_size = 1
    epoch_count = 25
    metrics = (Metric(name="rmse", better="lower", unit="amplitude", target=0.02),)
    initializers = dict.fromkeys(("input_kernel", "recurrent_kernel", "readout_kernel"), uniform(0.1))

    def wave(self) -> Dataset:
        windows, targets = sampled_windows()
        positions = np.eye(WINDOW, dtype=windows.dtype)
        return split(windows[:, :, np.newaxis] * positions, targets)

    def evaluate(self, predict: Predict, dataset: Dataset) -> Evaluation:
        actual = dataset.held_out_targets
        predicted = predict(dataset.held_out_inputs)
        first = WINDOW + len(dataset.targets)
        return Evaluation(
            metrics={"rmse": root_mean_square(predicted - actual)},
            picture=forecast("n in sin(n)", np.arange(first, first + len(actual)), actual, predicted),
        )


class SineLstm(SineTask):
    """The point that follows 50 others, from the cell and the optimizer that people would use.

    It is also evaluated in a closed loop: the 50 points after the last that it was trained on, each
    predicted from the 50 before it, more and more of them the model's own.
    """

    name = "sine-lstm"
    summary = (
        "An LSTM learns the point that follows a window of 50; "
        "also evaluated on a forecast that feeds its own outputs back for 50 points."
    )
    source = "the windows of tutorial 002, with the cell and optimizer that people would use"
    model = ModelSpec(cell="lstm", inputs=1, hidden=32, outputs=1, loss="half_squared_error")
    train = TrainSpec(optimizer=Adam(learning_rate=0.01))
    batch_size = 20
    epoch_count = 40
    metrics = (
        Metric(name="rmse", better="lower", unit="amplitude", target=0.005),
        Metric(name="closed_loop_rmse", better="lower", unit="amplitude", target=0.05),
    )
    initializers: ClassVar[Mapping[str, Initializer]] = {
        "input_kernel": glorot_uniform,
        "recurrent_kernel": orthogonal,
        "bias": forget_ones,
        "readout_kernel": glorot_uniform,
        "readout_bias": zeros,
    }

    def epochs(self, preset: Preset, key: str) -> int:
        return 20 if preset == "quick" else self.epoch_count

    def wave(self) -> Dataset:
        windows, targets = sampled_windows()
        return split(windows[:, :, np.newaxis], targets)

    def evaluate(self, predict: Predict, dataset: Dataset) -> Evaluation:
        held_out = predict(dataset.held_out_inputs)
        actual = dataset.held_out_targets
        predicted = closed_loop(predict, dataset.held_out_inputs[:1], len(actual))
        n = np.arange(WINDOW + len(dataset.targets), WINDOW + len(dataset.targets) + len(actual))
        return Evaluation(
            metrics={
                "rmse": root_mean_square(held_out - actual),
                "closed_loop_rmse": root_mean_square(predicted - actual),
            },
            picture=forecast("n in sin(n)", n, actual, predicted, kind="closed-loop forecast"),
        )
