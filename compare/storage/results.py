"""`results.json`: versioned, written whole or not at all, checked when read."""

import math
import re
from pathlib import Path
from stat import S_ISREG
from typing import Any

import msgspec

from compare.errors import UsageError
from compare.records.results import SCHEMA, Results
from compare.storage.atomic import write_bytes
from compare.storage.earlier_specs import with_default_fields
from compare.storage.encoding import encoded
from compare.storage.machines import with_machines
from compare.storage.tutorial_checks import expect_complete

_LOG = re.compile(r"logs/[^./\0][^/\0]*\.log")


class UnreadableRun(Exception):  # noqa: N818 - reads as the fact that it states
    """A folder that holds no results, or results that this version cannot read."""


JOURNAL_FILE = "finished.jsonl"
"""What has come since `results.json` was written, a line a block: see `compare.storage.journal`."""


def save(results: Results, folder: Path) -> None:
    """Write `results.json`, whole or not at all."""
    write_bytes(folder / "results.json", encoded(results) + b"\n")
    (folder / JOURNAL_FILE).unlink(missing_ok=True)


def load(folder: Path) -> Results:
    """Read the results of a stored run.

    Raises: UnreadableRun that names the folder and the reason.
    """
    path = folder / "results.json"
    try:
        if not S_ISREG(path.stat().st_mode):
            raise UnreadableRun(f"{path}: not a file that can be read: expected the results of a run")
        content = path.read_bytes()
        header = msgspec.json.decode(content, type=_Header)
        if header.schema != SCHEMA:
            raise UnreadableRun(f"{path}: {_refusal(header)}")
        grown = _with_journal(msgspec.json.decode(content), folder)
        return with_machines(with_default_fields(msgspec.convert(_with_nan(grown), Results)))
    except OSError as error:
        raise UnreadableRun(f"{path}: {error.strerror or error}") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise UnreadableRun(f"{path}: not the results of a run: {error}") from error


def _with_journal(records: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The records with what has come since they were written; a line that is not whole is none."""
    path = folder / JOURNAL_FILE
    if not path.is_file():
        return records
    runs = {_identity(run): run for run in _objects(records, "runs")}
    for line in path.read_bytes().splitlines():
        try:
            new = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError:
            break
        for run in _objects(new, "runs"):
            runs.setdefault(_identity(run), run)
        records = {**records, **new}
    return {**records, "runs": [*runs.values()]}


def _identity(run: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(run.get(name)) for name in ("part", "task", "seed", "adapter"))


class _Writer(msgspec.Struct):
    lockstep: str = ""


class _Header(msgspec.Struct):
    schema: int
    environment: _Writer = msgspec.field(default_factory=_Writer)


def _refusal(header: _Header) -> str:
    """What is wrong with results of another schema, and what to do."""
    version = header.environment.lockstep
    writer = f"Lockstep {version}" if version else "the version that wrote it"
    return f"schema {header.schema}, but this version reads schema {SCHEMA}: render it with {writer}"


def _with_nan(records: dict[str, Any]) -> dict[str, Any]:
    """The records with NaN for each metric that is no finite number: JSON has null there."""
    for run in _objects(records, "runs"):
        for holder in (run, *_objects(run, "epochs")):
            metrics = holder.get("metrics")
            if isinstance(metrics, dict):
                holder["metrics"] = {k: math.nan if value is None else value for k, value in metrics.items()}
    return records


def _objects(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Those of a list that are objects; what else it holds is refused where its type is checked."""
    values = holder.get(name)
    return [value for value in values if isinstance(value, dict)] if isinstance(values, list) else []


def open_run(folder: Path) -> Results:
    """The results of a stored run.

    Raises: UsageError that names the file and the reason.
    """
    try:
        results = load(folder)
        _expect_tasks(results)
        if results.tutorials:
            expect_complete(results.tutorials)
    except UnreadableRun as error:
        raise UsageError(str(error)) from error
    except ValueError as error:
        raise UsageError(f"{folder / 'results.json'}: not the results of a run: {error}") from error
    return results


def _expect_tasks(results: Results) -> None:
    """Raise unless each task is told of once, and of each run its task, its machine and a log in its folder.

    Raises: ValueError.
    """
    names = [task.name for task in results.tasks]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"tasks: {twice} stands there twice")
    if unknown := next((run.task for run in results.runs if run.task not in names), None):
        raise ValueError(f"tasks: {unknown} is missing, and there are runs of it")
    if unmeasured := next((task.name for task in results.tasks if not task.metrics), None):
        raise ValueError(f"tasks: {unmeasured} has no metrics")
    if unknown := next((run.machine for run in results.runs if run.machine not in results.machines), None):
        raise ValueError(f"machines: {unknown} is missing, and there are runs on it")
    if outside := next((run.log for run in results.runs if run.log and not _LOG.fullmatch(run.log)), None):
        raise ValueError(f"the log {outside!r} is no file of the folder logs")
