"""The adding problem: two numbers far back in a long sequence have to be remembered, and added."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.random import PCG64, Generator

from adapters.interface import Array, Cosine, ModelSpec, RmsProp, TrainSpec
from adapters.parameters import Float64, Initializer, glorot_uniform, orthogonal, zeros
from tasks.interface import Dataset, Evaluation, Forecast, Metric, Predict, Preset, Task
from tasks.sine_data import root_mean_square

SHORTEST, LONGEST = 100, 200
TRAINING, HELD_OUT = 1000, 500
FIRST_MARKED, SECOND_MARKED = 10, SHORTEST // 2
"""Before which steps the first and the second marked number stand."""

NEAR = 0.04
"""A sum is right if the output is no further off."""

EPOCHS = 10
BATCH = 20
SEEDS: dict[Preset, int] = {"quick": 1, "standard": 2, "full": 3}


class Adding(Task):
    """The sum of the two numbers of a sequence that are marked, asked for after its last step.

    Whoever answers 0.5 to everything, the mean, has the naive metrics: √(1/24), and the share of sums near
    0. The gates begin so that states last for up to as many steps as there are.
    """

    name = "adding"
    summary = (
        "A GRU reads 100 to 200 numbers, two of them marked in the first half of the shortest sequence, and "
        "tells the sum of these two at the end; naive is to answer the mean, always."
    )
    source = (
        "the adding problem, Hochreiter & Schmidhuber 1997, experiment 4: numbers in [−1, 1], target "
        "0.5 + sum / 4, right within 0.04; here padded sequences of unlike length, and 1,000 of them"
    )
    model = ModelSpec(cell="gru", inputs=2, hidden=16, outputs=1, loss="half_squared_error")
    train = TrainSpec(
        optimizer=RmsProp(learning_rate=Cosine(peak=0.01, updates=EPOCHS * (TRAINING // BATCH))),
        clip_norm=1.0,
    )
    batch_size = BATCH
    metrics = (
        Metric(name="rmse", better="lower", unit="", target=0.05, naive=0.204),
        Metric(name="right", better="higher", unit="%", target=50.0, naive=15.4),
    )
    presets_of_all = ("standard", "full")

    @staticmethod
    def lasting(generator: Generator, shape: tuple[int, ...]) -> Float64:
        """A GRU's bias: zero, but the logarithm of U(1, T−1) for the update gate, which keeps the state.

        Source: Tallec & Ollivier 2018: a state then lasts for about 1 to T−1 steps.
        """
        bias = np.zeros((3, shape[0] // 3))
        bias[1] = np.log(generator.uniform(1.0, LONGEST - 1.0, bias.shape[1]))
        return bias.ravel()

    initializers: ClassVar[Mapping[str, Initializer]] = {
        "input_kernel": glorot_uniform,
        "recurrent_kernel": orthogonal,
        "bias": lasting,
        "candidate_bias": zeros,
        "readout_kernel": glorot_uniform,
        "readout_bias": zeros,
    }

    def dataset(self, key: str) -> Dataset:
        inputs, targets, lengths = marked_numbers(TRAINING, seed=1)
        held_out_inputs, held_out_targets, held_out_lengths = marked_numbers(HELD_OUT, seed=2)
        return Dataset(
            name="two marked numbers among 100 to 200, computed",
            inputs=inputs,
            targets=targets,
            lengths=lengths,
            held_out_inputs=held_out_inputs,
            held_out_targets=held_out_targets,
            held_out_lengths=held_out_lengths,
        )

    def epochs(self, preset: Preset, key: str) -> int:
        return EPOCHS

    def seeds(self, preset: Preset) -> int:
        return SEEDS[preset]

    def evaluate(self, predict: Predict, dataset: Dataset) -> Evaluation:
        actual = dataset.held_out_targets
        predicted = predict(dataset.held_out_inputs, dataset.held_out_lengths)
        errors = predicted - actual
        shown = actual[:, 0].argsort()[:: len(actual) // 50]
        return Evaluation(
            metrics={
                "rmse": root_mean_square(errors),
                "right": float(100 * np.mean(np.abs(errors) < NEAR)),
            },
            picture=Forecast(
                x_label="every tenth held-out sequence, in the order of its sum",
                y_label="0.5 + sum / 4",
                x=tuple(float(place) for place in range(1, len(shown) + 1)),
                actual=tuple(actual[shown, 0].tolist()),
                predicted=tuple(predicted[shown, 0].tolist()),
                kind="sums",
            ),
        )


def marked_numbers(sequences: int, seed: int) -> tuple[Array, Array, Array]:
    """Numbers in [−1, 1] beside a mark, 1 at two of them and else 0, and 0.5 + a quarter of the marked sum.

    The first marked number is one of the first 10, the second another of the first 50.

    Shapes: inputs (N, T, 2), zeros beyond the length; targets (N, 1); lengths (N,).
    """
    generator, every = Generator(PCG64(seed)), np.arange(sequences)
    lengths = generator.integers(SHORTEST, LONGEST + 1, sequences)
    numbers = generator.uniform(-1.0, 1.0, (sequences, LONGEST))
    first = generator.integers(FIRST_MARKED, size=sequences)
    second = generator.integers(SECOND_MARKED - 1, size=sequences)
    second += second >= first
    inputs = np.zeros((sequences, LONGEST, 2), np.float32)
    inputs[..., 0] = np.where(np.arange(LONGEST) < lengths[:, np.newaxis], numbers, 0.0)
    inputs[every, first, 1] = inputs[every, second, 1] = 1.0
    sums = inputs[every, first, 0] + inputs[every, second, 0]
    return inputs, (0.5 + sums / 4)[:, np.newaxis], lengths
