"""The from-scratch sine as tutorial 002 published it, its errors included, each marked where it happens.

U, W and V are that text's input, recurrent and output weights; everything is in float64.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState

from adapters.parameters import Float64
from tasks.recipes import Printed, RecipeOutcome
from tasks.sine_data import forecast, root_mean_square

WINDOW = 50
HIDDEN = 100
TRAINING_WINDOWS = 100
EPOCHS = 25
LEARNING_RATE = 0.0001
BACKPROP_THROUGH = 5
CLIP_VALUE = 10.0

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


@dataclass(frozen=True, slots=True)
class Weights:
    """The three matrices, or what an update takes off each.

    Shapes: U (H, T); W (H, H); V (1, H).
    """

    U: Float64
    W: Float64
    V: Float64


def draw(seed: int) -> Weights:
    """The published initial values, U(0, 1), from the generator of the time."""
    generator = RandomState(seed)
    return Weights(
        U=generator.uniform(0, 1, (HIDDEN, WINDOW)),
        W=generator.uniform(0, 1, (HIDDEN, HIDDEN)),
        V=generator.uniform(0, 1, (1, HIDDEN)),
    )


def windows() -> tuple[Float64, Float64]:
    """100 windows of sin(0), …, sin(199) to train on, then 50 to validate, and the point after each.

    Shapes: (150, T) and (150,).
    """
    wave = np.sin(np.arange(200.0))
    return np.lib.stride_tricks.sliding_window_view(wave[:-1], WINDOW), wave[WINDOW:]


def sigmoid(x: Float64) -> Float64:
    return 1 / (1 + np.exp(-x))


def states(weights: Weights, inputs: Float64) -> Float64:
    """The state before the first step, zero, and after each: step t sees point t of the window alone.

    Shapes: inputs (T,) -> (T + 1, H); inputs (N, T) -> (T + 1, H, N).
    """
    hidden = np.zeros((WINDOW + 1, HIDDEN, *inputs.shape[:-1]))
    for t in range(WINDOW):
        hidden[t + 1] = sigmoid(weights.W @ hidden[t] + np.multiply.outer(weights.U[:, t], inputs[..., t]))
    return hidden


def summed_loss(weights: Weights, inputs: Float64, targets: Float64) -> float:
    """½(ŷ−y)², summed over the windows: the published mean divides by the length of one target, which is 1.

    Shapes: inputs (N, T); targets (N,).
    """
    predicted = weights.V[0] @ states(weights, inputs)[-1]
    return float(np.sum((predicted - targets) ** 2) / 2)


def published_direction(weights: Weights, inputs: Float64, target: float) -> Weights:
    """What the published rule takes for the gradient of one window's loss.

    It does carry the error back through the steps, with `a·(1 − a)` of the last step's pre-activation `a`
    where its sigmoid belongs; but no line that changes U or W ever reads what comes of it. Left out here,
    it changes no digit: U and W move in a direction that has nothing to do with the error.

    Sums are taken in the published order: training amplifies the rounding of another to whole percents.

    Shapes: inputs (T,).
    """
    hidden = states(weights, inputs)
    error = float(weights.V[0] @ hidden[-1]) - target
    # Columns U·x̃_t and W·h_{t-1} stand where outer products with an error belong, broadcast over the rest.
    input_columns = (weights.U * inputs).T
    recurrent_columns = np.array([weights.W @ before for before in hidden[:-1]])
    # The loss is taken after the last step only, but V gets a term from the state after every step.
    output_row = np.cumsum(error * hidden[1:], axis=0)[-1]
    return Weights(
        U=np.broadcast_to(added_up(input_columns)[:, np.newaxis], weights.U.shape),
        W=np.broadcast_to(added_up(recurrent_columns)[:, np.newaxis], weights.W.shape),
        V=output_row[np.newaxis],
    )


def added_up(columns: Float64) -> Float64:
    """The steps' columns as the published loops over steps, and back from each, add them.

    Shapes: (T, H) -> (H,).
    """
    # Each of the up to five steps back from t adds the column of step t itself, not of the step reached.
    times_added = np.minimum(np.arange(WINDOW), BACKPROP_THROUGH)
    running = np.cumsum(np.repeat(columns, times_added, axis=0), axis=0)
    # The sum is not reset from step to step: what t added is added again at every later step.
    total: Float64 = np.cumsum(running[np.cumsum(times_added)[1:] - 1], axis=0)[-1]
    return total


def update(weights: Weights, inputs: Float64, target: float) -> Weights:
    """The weights after one window, the direction clipped element by element.

    Shapes: inputs (T,).
    """
    direction = published_direction(weights, inputs, target)
    return Weights(
        *(
            before - LEARNING_RATE * np.clip(change, -CLIP_VALUE, CLIP_VALUE)
            for before, change in (
                (weights.U, direction.U),
                (weights.W, direction.W),
                (weights.V, direction.V),
            )
        )
    )


def published_predictions(weights: Weights, inputs: Float64) -> Float64:
    """The forward pass that the published RMSE comes from: unlike training, every step sees the whole window.

    Shapes: (N, T) -> (N,).
    """
    whole = weights.U @ inputs.T
    hidden = np.zeros_like(whole)
    for _ in range(WINDOW):
        hidden = sigmoid(weights.W @ hidden + whole)
    predicted: Float64 = weights.V[0] @ hidden
    return predicted


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
    predicted = published_predictions(weights, inputs[validation])
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


def canonical(weights: Weights) -> dict[str, Float64]:
    """The same weights under the names and in the layout of `adapters.parameters`."""
    return {
        "input_kernel": weights.U.T,
        "recurrent_kernel": weights.W.T,
        "readout_kernel": weights.V.T,
    }
