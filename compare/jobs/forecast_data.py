"""A table made ready for a forecast: read, checked, standardised, and written once."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec.structs import replace

from adapters.interface import Array
from compare.errors import UsageError
from compare.jobs.arrays import mapped, write_array
from compare.jobs.prepared import ForecastManifest
from compare.jobs.raw_rows import Raw, Scale, expect_rows, read_raw, scale_of
from compare.jobs.schema import Data, Forecast, Names
from compare.jobs.table import Table
from compare.jobs.tables import open_table
from compare.jobs.windows import HELD_OUT_TABLE, TABLE, evaluated_places, held_out_rows, shown_places
from compare.text import counted

MOST_EVALUATED = 20_000
"""Held-out windows that are looked at, evenly spread, where there are more."""

_NUMBER = re.compile(r"[-+]?[\d.]+(e[-+]?\d+)?", re.IGNORECASE)


class Columns(NamedTuple):
    """The columns that are read, then the target where it is not among them; and its place."""

    names: tuple[str, ...]
    inputs: int
    target: int


def choose_columns(table: Table, forecast: Forecast, time: str | None) -> Columns:
    """The columns that a job names, or all that have a name, but that of time.

    Raises: UsageError for one that is not there, and where none is left.
    """
    named = _listed(forecast.columns)
    names = named or tuple(name for name in table.named if name != time)
    if not names:
        raise UsageError(f"{table.path} has no column but {time!r}: name columns to forecast from")
    if not named and all(_NUMBER.fullmatch(name) for name in names):
        raise UsageError(f"{table.path}, row 1: all names are numbers: add the header, or name the columns")
    target = names[0] if forecast.target is None else forecast.target
    for name in (*names, target):
        table.check_column(name)
    every = names if target in names else (*names, target)
    for name in every:
        if name == time or names.count(name) > 1:
            what = "is data.time" if name == time else "stands there twice"
            raise UsageError(f"{table.path}: data.forecast has {name!r}, which {what}: leave it out")
    return Columns(every, len(names), every.index(target))


def build_forecast(
    folder: Path, source: Path, held_out_source: Path | None, data: Data, every_step: bool, mark: str
) -> ForecastManifest:
    """Read the table and write it as windows are read from it; `mark` tells its content from another's.

    Raises: UsageError that names the file, row and column, and what to do.
    """
    forecast = data.forecast or Forecast()
    table = open_table(source, data.separator)
    columns = choose_columns(table, forecast, data.time)
    raw, own = read_raw(folder / "raw", table, columns.names, data), None
    if held_out_source:
        own = read_raw(
            folder / "raw-held-out", open_table(held_out_source, data.separator), columns.names, data
        )
    lead, first_row = forecast.window - 1 + forecast.horizon, _first_held_out_row(raw, own, forecast, data)
    scale = scale_of(raw, columns.names, first_row, data)
    _write(folder / TABLE, raw, columns.names, scale)
    if own:
        _write(folder / HELD_OUT_TABLE, own, columns.names, scale)
    held_out = own.rows - lead if own else raw.rows - first_row
    manifest = ForecastManifest(
        dataset=_dataset_name(raw, own, mark),
        remarks=_remarks(raw, own, data),
        settings=_settings(columns, forecast, data),
        inputs=columns.inputs,
        target=columns.target,
        target_name=columns.names[columns.target],
        window=forecast.window,
        horizon=forecast.horizon,
        every_step=every_step,
        first=first_row - lead,
        own_table=own is not None,
        mean=float(scale.mean[columns.target]),
        deviation=float(scale.deviation[columns.target]),
        evaluated=min(MOST_EVALUATED, held_out),
    )
    for each in (raw, own):
        if each:
            each.path.unlink()
    places = evaluated_places(manifest, held_out)
    errors = _naive_errors(folder, manifest, data.season, places)
    return replace(
        _with_times(manifest, data, (own or raw).times, places),
        rmse_naive=float(np.sqrt(np.mean(errors**2))),
        mae_naive=float(np.mean(np.abs(errors))),
    )


def _first_held_out_row(raw: Raw, own: Raw | None, forecast: Forecast, data: Data) -> int:
    """The first row whose value is not trained on.

    Raises: UsageError where there are too few rows for a window on either side.
    """
    takes = forecast.window + forecast.horizon
    if own:
        expect_rows(raw, takes, forecast, "one window to train on")
        expect_rows(own, takes, forecast, "one held-out window")
        return raw.rows
    assert isinstance(data.held_out, float)
    expect_rows(raw, takes + 1, forecast, "one window to train on and one held out")
    first = raw.rows - max(1, round(raw.rows * data.held_out))
    if first < takes:
        raise UsageError(
            f"{raw.source} has {counted(raw.rows, 'row')}, of which held_out = {data.held_out:g} leaves "
            f"{first} to train on: one window takes {takes}: hold out less, or take a shorter window"
        )
    return first


def _naive_errors(folder: Path, manifest: ForecastManifest, season: int | None, places: Array) -> Array:
    """The errors of repeating the last value known, or that of a season before, in the data's unit.

    Raises: UsageError where the table begins after that.
    """
    ahead = manifest.horizon
    steps = ahead if season is None else season * math.ceil(ahead / season)
    values = mapped(folder / (HELD_OUT_TABLE if manifest.own_table else TABLE))[:, manifest.target]
    rows = held_out_rows(manifest, places)
    if rows[0] < steps:
        raise UsageError(
            f"data.season reaches {steps} rows back, and the first held-out value is in row {rows[0] + 1} "
            "of the table: take a shorter season, or more data"
        )
    errors: Array = (values[rows].astype(np.float64) - values[rows - steps]) * manifest.deviation
    return errors


def _with_times(
    manifest: ForecastManifest, data: Data, times: Array | None, places: Array
) -> ForecastManifest:
    if times is None:
        return manifest
    shown, dates = times[held_out_rows(manifest, shown_places(places))], times.dtype.kind == "M"
    seconds = shown.astype(np.float64) / 1e6 if dates else shown
    return replace(manifest, time=data.time or "", dates=dates, shown_times=tuple(seconds.tolist()))


def _listed(names: Names | None) -> tuple[str, ...]:
    return () if names is None else (names,) if isinstance(names, str) else names


def _write(path: Path, raw: Raw, names: Sequence[str], scale: Scale) -> None:
    parts = ((block - scale.mean) / scale.deviation for block in raw.blocks(names))
    write_array(path, (raw.rows, len(names)), np.float32, parts)


def _dataset_name(raw: Raw, own: Raw | None, mark: str) -> str:
    also = f" and {own.source.name}, {counted(own.rows, 'row')}" if own else ""
    return f"{raw.source.name}, {counted(raw.rows, 'row')}{also} ({mark})"


def _remarks(raw: Raw, own: Raw | None, data: Data) -> tuple[str, ...]:
    """What was done to the data, in sentences."""
    done = ["Values are as they are in the file."]
    if data.standardise is not False:
        done = ["Columns are standardised by the mean and deviation of the part that is trained on."]
    return (
        *done,
        *(sentence for each in (raw, own) if each for sentence in each.gaps.sentences(each.source)),
    )


def _settings(columns: Columns, forecast: Forecast, data: Data) -> dict[str, str | int | float | bool]:
    """What `diff`, `--resume` and the report's table have of it."""
    found: dict[str, str | int | float | bool | None] = {
        "columns": ", ".join(columns.names[: columns.inputs]),
        "target": columns.names[columns.target],
        "window": forecast.window,
        "horizon": forecast.horizon,
        "held_out": data.held_out if isinstance(data.held_out, float | str) else None,
        "season": data.season,
        "fill": data.fill,
        "standardise": data.standardise is not False,
    }
    return {name: value for name, value in found.items() if value is not None}
