"""A job that forecasts a column of a table."""

import numpy as np

from compare.jobs.job import Job, predictions
from compare.jobs.prepared import ForecastManifest
from compare.jobs.windows import evaluated_places, held_out_rows, shown_places
from compare.text import counted
from tasks.interface import Dataset, Evaluation, Forecast, Metric, Predict
from tasks.sine_data import root_mean_square


class ForecastJob(Job):
    """The value of a column some rows ahead; evaluated in its unit, at the last step of each window."""

    @property
    def _manifest(self) -> ForecastManifest:
        assert isinstance(self.opened.manifest, ForecastManifest)
        return self.opened.manifest

    def sentence(self) -> str:
        found, season = self._manifest, self.opened.file.data.season
        naive = "the last value known" if season is None else f"the value {counted(season, 'row')} before"
        looked_at = "all held-out rows"
        if found.evaluated < len(self._dataset.held_out_inputs):
            looked_at = f"{found.evaluated:,} held-out rows, evenly spread"
        return (
            f"{self.network}: {found.target_name}, "
            f"{counted(found.horizon, 'row')} ahead, from {counted(found.window, 'row')} of "
            f"{found.settings['columns']}; evaluated on {looked_at}. Naive is {naive}."
        )

    def judged_by(self) -> tuple[Metric, ...]:
        found, targets = self._manifest, self.opened.file.targets
        unit = self.opened.file.data.unit or found.target_name
        naive = {"rmse": found.rmse_naive, "mae": found.mae_naive}
        return tuple(
            Metric(name=name, better="lower", unit=unit, target=targets.get(name), naive=value)
            for name, value in naive.items()
        )

    def evaluate(self, predict: Predict, dataset: Dataset) -> Evaluation:
        found = self._manifest
        places = evaluated_places(found, len(dataset.held_out_inputs))
        parts = predictions(predict, dataset.held_out_inputs, dataset.held_out_lengths, places)
        predicted = np.concatenate([_last_step(outputs) for _, outputs in parts]).astype(np.float64)
        actual = _last_step(dataset.held_out_targets[places]).astype(np.float64)
        errors = (predicted - actual) * found.deviation
        shown = shown_places(np.arange(len(places)))
        return Evaluation(
            metrics={
                "rmse": root_mean_square(errors),
                "mae": float(np.mean(np.abs(errors))),
                "rmse_naive": found.rmse_naive,
                "mae_naive": found.mae_naive,
            },
            picture=Forecast(
                x_label=found.time
                or ("row of the held-out table" if found.own_table else "row of the table"),
                y_label=", ".join(filter(None, (found.target_name, self.opened.file.data.unit))),
                x=found.shown_times or tuple((1.0 + held_out_rows(found, places[shown])).tolist()),
                dates=found.dates,
                actual=tuple((actual[shown] * found.deviation + found.mean).tolist()),
                predicted=tuple((predicted[shown] * found.deviation + found.mean).tolist()),
                kind=f"forecast {counted(found.horizon, 'row')} ahead",
            ),
        )


def _last_step(values: np.ndarray) -> np.ndarray:
    """Of (N, 1) or (N, T, 1), the last step's: (N,)."""
    return values.reshape(len(values), -1)[:, -1]
