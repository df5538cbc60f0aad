"""The from-scratch sine as tutorial 002 published it: its run from any seed, and what it printed."""

import numpy as np

from adapters.parameters import Float64
from tasks.published_rule import WINDOW, Weights, draw, predictions, states, update
from tasks.recipes import Printed, RecipeOutcome
from tasks.sine_data import forecast, root_mean_square

TRAINING_WINDOWS = 100
EPOCHS = 25

PUBLISHED_LOSSES = (
    (101185.61756671, 50591.0340148),
    (61205.46869629, 30601.34535365),
    (31225.3198258, 15611.65669247),
    (11245.17049551, 5621.96780111),
    (1264.5157739, 632.02563908),
    (20.15654115, 10.05477285),
    (17.13622839, 8.55190426),
    (17.38870495, 8.68196484),
    (17.181681, 8.57837827),
    (17.31275313, 8.64199652),
    (17.12960034, 8.54768294),
    (17.09020065, 8.52993502),
    (17.17370113, 8.57517454),
    (17.04906914, 8.50658127),
    (16.96420184, 8.46794248),
    (17.017519, 8.49241316),
    (16.94199493, 8.45748739),
    (16.99796892, 8.48242177),
    (17.24817035, 8.6126231),
    (17.00844599, 8.48682234),
    (17.03943262, 8.50437328),
    (17.01417255, 8.49409597),
    (17.20918888, 8.5854792),
    (16.92068017, 8.44794633),
    (16.76856238, 8.37295808),
)
"""The published training and validation loss, each printed before the epoch that it is numbered after."""

PUBLISHED_RMSE = 0.127191931509431


def windows() -> tuple[Float64, Float64]:
    """100 windows of sin(0), …, sin(199) to train on, then 50 to validate, and the point after each.

    Shapes: (150, T) and (150,).
    """
    wave = np.sin(np.arange(200.0))
    return np.lib.stride_tricks.sliding_window_view(wave[:-1], WINDOW), wave[WINDOW:]


def summed_loss(weights: Weights, inputs: Float64, targets: Float64) -> float:
    """½(ŷ−y)², summed over the windows: the published mean divides by the length of one target, which is 1.

    Shapes: inputs (N, T); targets (N,).
    """
    predicted = weights.V[0] @ states(weights, inputs)[-1]
    return float(np.sum((predicted - targets) ** 2) / 2)


def run_as_published(seed: int) -> RecipeOutcome:
    """Train for 25 epochs, windows in their order, losses printed before each; then the validation RMSE."""
    inputs, targets = windows()
    training, validation = slice(TRAINING_WINDOWS), slice(TRAINING_WINDOWS, None)
    weights = draw(seed)
    printed = []
    for epoch in range(1, EPOCHS + 1):
        losses = {
            "loss": summed_loss(weights, inputs[training], targets[training]),
            "validation_loss": summed_loss(weights, inputs[validation], targets[validation]),
        }
        printed.append(Printed(at=epoch, values=losses))
        for window, target in zip(inputs[training], targets[training], strict=True):
            weights = update(weights, window, target)
    predicted = predictions(weights, inputs[validation])
    actual = targets[validation]
    first = WINDOW + TRAINING_WINDOWS
    return RecipeOutcome(
        printed=printed,
        metrics={**printed[-1].values, "rmse": root_mean_square(predicted - actual)},
        forecast=forecast("n in sin(n)", np.arange(first, first + len(actual)), actual, predicted),
    )


def untrained_losses(draws: int) -> list[float]:
    """The training loss of the initial values of seeds 0 to `draws` − 1."""
    inputs, targets = (part[:TRAINING_WINDOWS] for part in windows())
    return [summed_loss(draw(seed), inputs, targets) for seed in range(draws)]
