"""What a job learns from its data: a forecast, or classes of sequences or of images."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from compare.errors import UsageError
from compare.jobs.files import ending
from compare.jobs.schema import Data
from compare.jobs.step_tables import LABEL, SEQUENCE
from compare.jobs.tables import open_table

Kind = Literal["forecast", "classify", "images"]

ONLY_FOR_A_FORECAST = ("season", "unit")
ONLY_FOR_TABLES = ("time", "fill")


def kind_of(path: Path, data: Data, sources: Mapping[str, Path]) -> Kind:
    """What is learned; where the file does not say it, its data do.

    An NPZ file has classes, and so has a table with the columns `sequence` and `label`; others are forecast.

    Raises: UsageError for settings that do not go together.
    """
    kind = _kind(path, data, sources)
    if kind != "forecast":
        _refuse(path, data, ONLY_FOR_A_FORECAST, "a forecast")
    if kind == "images" or (kind == "classify" and sources["file"].name.lower().endswith(".npz")):
        _refuse(path, data, ONLY_FOR_TABLES, "a table")
    if kind == "images":
        _refuse(path, data, ("standardise",), "tables and arrays")
    return kind


def _kind(path: Path, data: Data, sources: Mapping[str, Path]) -> Kind:
    if data.forecast is not None and (data.classify is not None or data.idx is not None):
        raise UsageError(
            f"{path}: data.forecast and the classes of data are both asked for: give one of them"
        )
    if data.idx is not None:
        if data.classify is not None:
            raise UsageError(f"{path}: data.classify and data.idx are both there: give one of them")
        return "images"
    if data.forecast is not None:
        return "forecast"
    if data.classify is not None or ending(sources["file"]) == ".npz":
        return "classify"
    names = open_table(sources["file"], data.separator).names
    return "classify" if {SEQUENCE, LABEL} <= set(names) else "forecast"


def _refuse(path: Path, data: Data, settings: tuple[str, ...], what: str) -> None:
    for name in settings:
        if getattr(data, name) is not None:
            raise UsageError(f"{path}: data.{name} is for {what}: leave it out")
