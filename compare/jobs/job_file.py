"""A job's TOML file, read and checked; each mistake is one line with the file, the key and what to do."""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec.structs import fields

from compare.errors import UsageError, check_choice
from compare.jobs.changes import parse_change, with_changes
from compare.jobs.files import check_regular
from compare.jobs.schema import Classify, Data, Fill, Forecast, Idx, JobFile
from compare.text import one_line, storable

SUFFIX = ".toml"
MOST_BYTES = 2**20
MOST_LETTERS = 80

_SEPARATOR = re.compile(r"(?![\w\"'.+-])[\t -~]")
_TABLES = {"forecast": Forecast, "classify": Classify, "idx": Idx}


def is_job(name: str) -> bool:
    """Whether a task is named by a job's file."""
    return name.lower().endswith(SUFFIX)


def located(name: str) -> str:
    """A task's name as it is; a job's file by a path that says where it lies from any folder.

    Raises: UsageError where the current folder is gone, and for a path that cannot be stored.
    """
    if not is_job(name):
        return name
    try:
        path = str(Path(name).absolute())
    except OSError as error:
        raise UsageError(f"{name}: the current folder is gone: name the file by its whole path") from error
    if storable(path) != path:
        raise UsageError(f"{path}: a path that is no valid text: rename the file, or the folder it lies in")
    return path


def shown(name: str) -> Path:
    """The path of a job's file, from the current folder where it lies in that."""
    path = Path(name)
    try:
        here = Path.cwd()
    except OSError:
        return path
    return path.relative_to(here) if path.is_relative_to(here) else path


def job_name(path: Path) -> str:
    """The name of the task: the file's stem.

    Raises: UsageError for one that cannot be shown.
    """
    name = path.stem
    if not name.strip() or not name.isprintable() or len(name) > MOST_LETTERS:
        raise UsageError(f"{path}: its stem names the task: rename it to 1 to {MOST_LETTERS} letters")
    return name


def read_text(path: Path) -> str:
    """What the file says.

    Raises: UsageError, with near matches for a file that is not there.
    """
    check_regular(path)
    if path.stat().st_size > MOST_BYTES:
        raise UsageError(f"{path} has {path.stat().st_size:,} bytes: a job's file has {MOST_BYTES:,} at most")
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not text in UTF-8 (byte {error.start}): it must be a TOML file") from error


def parse(path: Path, text: str, changes: Sequence[str]) -> JobFile:
    """The job of a file's text, once the changes are made.

    Raises: UsageError.
    """
    try:
        plain = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from error
    plain = with_changes(plain, [parse_change(change) for change in changes])
    _check_keys(path, plain)
    try:
        job = msgspec.convert(plain, JobFile)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {_in_words(str(error), plain)}") from error
    if not _SEPARATOR.fullmatch(job.data.separator):
        raise UsageError(
            f"{path}: data.separator is {job.data.separator!r}: it must be a sign that no number has, "
            "as , ; | or a tab"
        )
    if not all(map(math.isfinite, job.targets.values())):
        raise UsageError(f"{path}: targets must be finite numbers")
    return job


def _check_keys(path: Path, plain: Mapping[str, Any]) -> None:
    """Raise for a key that there is not; those of the specs are checked with the specs."""
    _check_table(f"key of {path}", plain, JobFile)
    if "data" not in plain:
        raise UsageError(f'{path}: there is no [data]: name a file in it, as in file = "load.csv"')
    data = plain["data"]
    if isinstance(data, dict):
        _check_table(f"key of [data] in {path}", data, Data)
        if isinstance(data.get("fill"), str):
            check_choice(f"data.fill in {path}", data["fill"], get_args(Fill))
        for name, kind in _TABLES.items():
            if isinstance(data.get(name), dict):
                _check_table(f"key of data.{name} in {path}", data[name], kind)
        if isinstance(data.get("held_out"), dict):
            _check_table(f"key of data.held_out in {path}", data["held_out"], Idx)


def _check_table(kind: str, table: Mapping[str, Any], known: Any) -> None:
    for key in table:
        check_choice(kind, key, [field.name for field in fields(known)])


def _in_words(error: str, plain: Mapping[str, Any]) -> str:
    """msgspec's message with the key and its value first, in TOML's notation."""
    match = re.fullmatch(r"(.*?)(?: - at `\$\.?(.*)`)?", error)
    assert match is not None
    what = (
        match[1]
        .replace("`", "")
        .replace(" | null", "")
        .replace("Object", "object")
        .replace("object", "a table")
        .replace("array", "a list")
    )
    keys = re.findall(r"\w+", match[2] or "")
    value: Any = plain
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    given = "" if value is None or isinstance(value, Mapping) else f" is {_shown(value)}"
    return f"{match[2] or 'the file'}{given}: {what[:1].lower()}{what[1:]}"


def _shown(value: object) -> str:
    return one_line(repr(value) if isinstance(value, str) else value)[:80]
