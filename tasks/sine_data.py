"""Windows of a sampled sine, and what its tasks make of predictions."""

import numpy as np

from adapters.interface import Array
from tasks.interface import Dataset, Forecast, Predict

WINDOW = 50
TRAINING_WINDOWS = 100


def root_mean_square(errors: Array) -> float:
    """The root of the mean square, taken in float64."""
    return float(np.sqrt(np.mean(np.square(errors, dtype=np.float64))))


def forecast(x_label: str, x: Array, actual: Array, predicted: Array, kind: str = "forecast") -> Forecast:
    """A figure's worth of plain numbers.

    Shapes: x, actual and predicted hold the same number of values, in any shape.
    """
    return Forecast(
        x_label=x_label,
        y_label="sin",
        x=tuple(x.ravel().tolist()),
        actual=tuple(actual.ravel().tolist()),
        predicted=tuple(predicted.ravel().tolist()),
        kind=kind,
    )


def sampled_windows() -> tuple[Array, Array]:
    """Every window of 50 points of sin(0), sin(1), …, sin(199), and the point that follows each.

    Shapes: (150, 50) and (150, 1).
    """
    wave = np.sin(np.arange(200.0)).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(wave[:-1], WINDOW)
    return windows.copy(), wave[WINDOW:, np.newaxis]


def split(inputs: Array, targets: Array) -> Dataset:
    """The first 100 windows to train on; the other 50, which follow them in time, held out."""
    return Dataset(
        name="sin(0), sin(1), …, sin(199)",
        inputs=inputs[:TRAINING_WINDOWS],
        targets=targets[:TRAINING_WINDOWS],
        held_out_inputs=inputs[TRAINING_WINDOWS:],
        held_out_targets=targets[TRAINING_WINDOWS:],
    )


def closed_loop(predict: Predict, window: Array, points: int) -> Array:
    """Predict point after point, each from a window that ends in the points predicted before it.

    Shapes: window (1, T, 1) -> (points, 1).
    """
    predicted = []
    for _ in range(points):
        point = predict(window)
        predicted.append(point)
        window = np.concatenate([window[:, 1:], point[:, np.newaxis].astype(window.dtype)], axis=1)
    return np.concatenate(predicted)
