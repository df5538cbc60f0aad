"""The published rule of tutorial 002, its errors included, each marked where it happens.

U, W and V are that text's input, recurrent and output weights; everything is in float64.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState

from adapters.parameters import Float64

WINDOW = 50
HIDDEN = 100
LEARNING_RATE = 0.0001
BACKPROP_THROUGH = 5
CLIP_VALUE = 10.0


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


def canonical(weights: Weights) -> dict[str, Float64]:
    """The same weights under the names and in the layout of `adapters.parameters`."""
    return {
        "input_kernel": weights.U.T,
        "recurrent_kernel": weights.W.T,
        "readout_kernel": weights.V.T,
    }


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


def direction(weights: Weights, inputs: Float64, target: float) -> Weights:
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
    change = direction(weights, inputs, target)
    return Weights(
        *(
            before - LEARNING_RATE * np.clip(taken_off, -CLIP_VALUE, CLIP_VALUE)
            for before, taken_off in (
                (weights.U, change.U),
                (weights.W, change.W),
                (weights.V, change.V),
            )
        )
    )


def predictions(weights: Weights, inputs: Float64) -> Float64:
    """The forward pass that the published RMSE comes from: unlike training, every step sees the whole window.

    Shapes: (N, T) -> (N,).
    """
    whole = weights.U @ inputs.T
    hidden = np.zeros_like(whole)
    for _ in range(WINDOW):
        hidden = sigmoid(weights.W @ hidden + whole)
    predicted: Float64 = weights.V[0] @ hidden
    return predicted
