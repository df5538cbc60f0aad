"""Data that are ready for any process: arrays in a folder of the cache, and a manifest of them."""

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from platformdirs import user_cache_path

from compare.errors import UsageError

FORMAT = 2
MANIFEST = "manifest.json"
BUILDING = "building-"
UNUSED_SECONDS = 7 * 24 * 3600.0
ABANDONED_SECONDS = 24 * 3600.0


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of any job's data: their name in figures, what was done to them, how many."""

    dataset: str
    remarks: tuple[str, ...] = ()
    settings: dict[str, str | int | float | bool] = {}


class ForecastManifest(Facts, frozen=True, kw_only=True, tag="forecast"):
    """Windows of a table, which is `table.npy`, or two: the held-out part may have its own.

    The first `inputs` columns are read; `target` is the place of the one that is forecast, `mean` and
    `deviation` are its own before it was standardised. Held-out windows are those of the table from `first`
    on; of these, `evaluated` are looked at, evenly spread. Of those that a figure shows, `shown_times` say
    when, by the column `time`: numbers, or `dates` in seconds since 1970, UTC.
    """

    inputs: int
    target: int
    target_name: str
    window: int
    horizon: int
    every_step: bool
    first: int
    own_table: bool
    mean: float
    deviation: float
    evaluated: int
    rmse_naive: float = 0.0
    mae_naive: float = 0.0
    time: str = ""
    dates: bool = False
    shown_times: tuple[float, ...] = ()


class ClassesManifest(Facts, frozen=True, kw_only=True, tag="classes"):
    """Sequences and the places of their classes among `classes`; `majority` is the most frequent one's."""

    classes: tuple[str, ...]
    inputs: int
    every_step: bool
    majority: int
    accuracy_majority: float


Manifest = ForecastManifest | ClassesManifest


def folder_of(key: str) -> Path:
    """Where the data of a key lie."""
    return user_cache_path("lockstep") / "jobs" / key


def key_of(*parts: object) -> str:
    """A key for data that are made from these, and from nothing else."""
    plain = msgspec.json.encode([FORMAT, *parts], order="deterministic")
    return hashlib.sha256(plain).hexdigest()[:20]


def read_manifest(key: str) -> Manifest | None:
    """What the data of a key are; None where they are not there, or not whole."""
    path = folder_of(key) / MANIFEST
    try:
        found: Manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        return found
    except (OSError, msgspec.DecodeError):
        return None


def prepared(key: str, build: Callable[[Path], Manifest]) -> Manifest:
    """The manifest of a key, whose data are built aside and moved into place where they are not there yet.

    Raises: UsageError where they cannot be kept, and whatever `build` raises.
    """
    found = read_manifest(key)
    folder = folder_of(key)
    if found is not None:
        with contextlib.suppress(OSError):
            os.utime(folder / MANIFEST)
        return found
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_unused(folder.parent)
        with TemporaryDirectory(dir=folder.parent, prefix=BUILDING) as name:
            built = Path(name) / key
            built.mkdir()
            manifest = build(built)
            (built / MANIFEST).write_bytes(msgspec.json.encode(manifest))
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # another process may have been first, with the same bytes
                os.rename(built, folder)
    except OSError as error:
        raise UsageError(
            f"data cannot be kept in {folder.parent} ({error.strerror or error}): "
            "name another place in XDG_CACHE_HOME"
        ) from error
    if read_manifest(key) is None:
        raise UsageError(f"data cannot be kept in {folder}: name another place in XDG_CACHE_HOME")
    return manifest


def _remove_unused(folder: Path) -> None:
    """Remove what has not been used for a week, and what builds left behind that were killed."""
    now = time.time()
    for path in folder.iterdir():
        abandoned = path.name.startswith(BUILDING)
        with contextlib.suppress(OSError):
            used = (path if abandoned else path / MANIFEST).stat().st_mtime
            if now - used > (ABANDONED_SECONDS if abandoned else UNUSED_SECONDS):
                shutil.rmtree(path, ignore_errors=True)
