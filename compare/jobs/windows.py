"""Windows of a table: views, of which nothing is copied before it is looked at."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from adapters.interface import Array
from compare.jobs.arrays import mapped
from compare.jobs.prepared import ForecastManifest
from tasks.interface import Dataset

TABLE, HELD_OUT_TABLE = "table.npy", "held_out.npy"
LOADED_BYTES = 32 * 2**20
"""Of windows that are copied out of a table, at a time; fewer are loaded whole."""

MOST_SHOWN = 1000
"""Points of the figure; more are thinned evenly."""


class Windows(NamedTuple):
    """Every window of a table with its target.

    Shapes: inputs (N, T, D); targets (N, 1), or (N, T, 1) with one for each step.
    """

    inputs: Array
    targets: Array


def windows(table: Array, manifest: ForecastManifest) -> Windows:
    """The windows of a table, views of it.

    Shapes: table (rows, columns) -> N = rows − window − horizon + 1.
    """
    span, ahead, target = manifest.window, manifest.horizon, manifest.target
    last = len(table) - ahead
    inputs = sliding_window_view(table[:last, : manifest.inputs], span, axis=0).transpose(0, 2, 1)
    if manifest.every_step:
        return Windows(inputs, sliding_window_view(table[ahead:, target], span)[..., np.newaxis])
    return Windows(inputs, table[span - 1 + ahead :, target : target + 1])


def forecast_dataset(folder: Path, manifest: ForecastManifest) -> Dataset:
    """The windows that are trained on and those that are held out."""
    whole = windows(mapped(folder / TABLE), manifest)
    held_out = windows(mapped(folder / HELD_OUT_TABLE), manifest) if manifest.own_table else whole
    training = whole.inputs if manifest.own_table else whole.inputs[: manifest.first]
    first = 0 if manifest.own_table else manifest.first
    window_bytes = training[0].nbytes
    at_once = max(1, LOADED_BYTES // window_bytes)
    return Dataset(
        name=manifest.dataset,
        inputs=training,
        targets=whole.targets[: len(training)],
        held_out_inputs=held_out.inputs[first:],
        held_out_targets=held_out.targets[first:],
        sequences_at_once=at_once if len(training) > at_once else None,
    )


def held_out_rows(manifest: ForecastManifest, places: Array) -> Array:
    """The rows, counted from 0, of what is to be forecast from these held-out windows."""
    lead = manifest.window - 1 + manifest.horizon
    rows: Array = lead + (0 if manifest.own_table else manifest.first) + places
    return rows


def shown_places(places: Array) -> Array:
    """Those that a figure shows: all, or so many evenly spread."""
    chosen: Array = places[
        np.linspace(0, len(places) - 1, min(MOST_SHOWN, len(places))).round().astype(np.int64)
    ]
    return chosen


def evaluated_places(manifest: ForecastManifest, held_out: int) -> Array:
    """Which held-out windows are looked at: all, or so many evenly spread."""
    return np.linspace(0, held_out - 1, manifest.evaluated).round().astype(np.int64)
