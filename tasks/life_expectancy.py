"""How long people live, country by country: five years ahead, from what there was before."""

import csv
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from adapters.interface import AdamW, Array, Cosine, ModelSpec, TrainSpec
from adapters.parameters import Initializer, glorot_uniform, orthogonal, zeros
from tasks.installed_data import data_file
from tasks.interface import Dataset, Evaluation, Forecast, Metric, Predict, Preset, Task
from tasks.sine_data import root_mean_square

YEARS = tuple(range(1952, 2008, 5))
STEP_YEARS = 5
HELD_OUT_EVERY = 5
"""Every fifth country of the alphabet is held out."""

TRAINING = 113
BATCH = 16
EPOCHS = 100
SEEDS: dict[Preset, int] = {"quick": 1, "standard": 1, "full": 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Countries:
    """Names and, in the order of `YEARS`, life expectancies and incomes.

    Shapes: (countries, years).
    Units: years; dollars a head and year, inflation and prices allowed for.
    """

    names: tuple[str, ...]
    life: Array
    income: Array


class LifeExpectancy(Task):
    """A country's gain in life expectancy over the next five years, at every five years from 1952 on.

    Evaluated from the second forecast on, 1962 to 2007, as the naive one needs a gain to repeat. The picture
    shows the held-out country whose gains vary most.
    """

    name = "life-expectancy"
    summary = (
        "A GRU of two layers forecasts a country's life expectancy five years ahead from that and income, "
        "on countries that it never saw. Naive is to add the gain of the five years before."
    )
    source = (
        "Gapminder's figures (gapminder.org, CC BY 4.0) of 142 countries, as the package plotly ships them"
    )
    model = ModelSpec(
        cell="gru", inputs=2, hidden=32, outputs=1, loss="half_squared_error", layers=2, readout="every"
    )
    train = TrainSpec(
        optimizer=AdamW(
            learning_rate=Cosine(peak=0.003, updates=EPOCHS * (TRAINING // BATCH)), weight_decay=0.1
        )
    )
    batch_size = BATCH
    metrics = (Metric(name="rmse", better="lower", unit="years", target=0.9, naive=1.0),)
    presets_of_all = ("standard", "full")
    initializers: ClassVar[Mapping[str, Initializer]] = {
        "input_kernel": glorot_uniform,
        "recurrent_kernel": orthogonal,
        "bias": zeros,
        "candidate_bias": zeros,
        "readout_kernel": glorot_uniform,
        "readout_bias": zeros,
    }

    def dataset(self, key: str) -> Dataset:
        found = countries()
        held_out = held_out_countries(len(found.names))
        inputs = np.stack([(found.life - 60) / 10, np.log10(found.income) - 3.5], axis=2)[:, :-1]
        gains = np.diff(found.life, axis=1)[:, :, np.newaxis] / STEP_YEARS
        inputs, gains = inputs.astype(np.float32), gains.astype(np.float32)
        return Dataset(
            name="Gapminder, 142 countries from 1952 to 2007",
            inputs=inputs[~held_out],
            targets=gains[~held_out],
            held_out_inputs=inputs[held_out],
            held_out_targets=gains[held_out],
        )

    def epochs(self, preset: Preset, key: str) -> int:
        return EPOCHS

    def seeds(self, preset: Preset) -> int:
        return SEEDS[preset]

    def evaluate(self, predict: Predict, dataset: Dataset) -> Evaluation:
        actual = dataset.held_out_targets
        predicted = predict(dataset.held_out_inputs)
        errors = STEP_YEARS * (predicted - actual)[:, 1:]
        found = countries()
        place = actual[..., 0].std(axis=1).argmax()
        country = np.flatnonzero(held_out_countries(len(found.names)))[place]
        life = found.life[country]
        return Evaluation(
            metrics={"rmse": root_mean_square(errors)},
            picture=Forecast(
                x_label="year",
                y_label=f"life expectancy, {found.names[country]} (years)",
                x=tuple(float(year) for year in YEARS[2:]),
                actual=tuple(life[2:].tolist()),
                predicted=tuple((life[1:-1] + STEP_YEARS * predicted[place, 1:, 0]).tolist()),
                kind="forecast five years ahead",
            ),
        )


def held_out_countries(countries: int) -> Array:
    """Which of them are held out."""
    held_out: Array = np.arange(countries) % HELD_OUT_EVERY == 0
    return held_out


def countries() -> Countries:
    """What plotly's `plotly.data.gapminder` has of every country, in the order of the alphabet."""
    path = data_file("plotly", "package_data", "datasets", "gapminder.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: (row["country"], int(row["year"])))
    life, income = (
        np.array([float(row[column]) for row in rows]).reshape(-1, len(YEARS))
        for column in ("lifeExp", "gdpPercap")
    )
    return Countries(names=tuple(row["country"] for row in rows[:: len(YEARS)]), life=life, income=income)
