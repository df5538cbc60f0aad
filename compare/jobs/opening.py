"""Tasks by what they are found by: a name, or a job's file, and changes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from compare.errors import UsageError, check_choice
from compare.jobs.changed_task import changed_task
from compare.jobs.changes import changed_name
from compare.jobs.classify_job import ClassifyJob
from compare.jobs.files import checksum
from compare.jobs.forecast_job import ForecastJob
from compare.jobs.job import Job, OpenedJob
from compare.jobs.job_file import is_job, job_name, parse, read_text, shown
from compare.jobs.prepared import ForecastManifest, Manifest, key_of, prepared
from compare.jobs.schema import Data
from compare.jobs.sources import sources_of
from tasks import find, registered
from tasks.interface import Task, TaskReference


def find_task(reference: TaskReference) -> Task:
    """The task of a name or of a job's file, with what is changed of it; a job's data are made ready.

    Raises: UsageError for a job or a change that cannot be used; for a name, as `tasks.find`.
    """
    if is_job(reference.name):
        return open_job(reference)
    task = find(reference.name)
    return changed_task(task, reference.changes) if reference.changes else task


def reference_of(task: Task, reference: TaskReference) -> TaskReference:
    """What the same task is found by later and elsewhere, whatever its file says by then."""
    return task.reference if isinstance(task, Job) else reference


def data_settings(task: Task) -> dict[str, str | int | float | bool]:
    """How a job's data were read; empty of any other task."""
    return dict(task.opened.manifest.settings) if isinstance(task, Job) else {}


def check_task_name(name: str) -> None:
    """Raise for a job's file that is not there, and for a name that no task has.

    Raises: UsageError with the near matches.
    """
    if not is_job(name):
        check_choice("task", name, registered())
    elif not Path(name).exists():
        read_text(shown(name))


def open_job(reference: TaskReference) -> Job:
    """The job in a file, its data read and made ready.

    Raises: UsageError that names the file, the row and column or the key, and what to do.
    """
    path = shown(reference.name)
    name = job_name(path)
    if name in registered():
        raise UsageError(f"{path}: there is a task named {name}: rename the file")
    text = read_text(path) if reference.text is None else reference.text
    file = parse(path, text, reference.changes)
    sources = sources_of(path, file.data)
    sums = {role: checksum(source) for role, source in sources.items()}
    every_step = file.model.get("readout") == "every"
    key = key_of(msgspec.to_builtins(file.data), every_step, sums)
    if reference.checksum is not None and reference.checksum != key:
        raise UsageError(f"{path}: its data have changed since the run began: start anew")
    opened = OpenedJob(
        path=path,
        name=changed_name(name, reference.changes),
        reference=replace(reference, text=text, checksum=key),
        file=file,
        key=key,
        manifest=prepared(key, lambda folder: _build(folder, path, file.data, sources, every_step, key[:8])),
    )
    return ForecastJob(opened) if isinstance(opened.manifest, ForecastManifest) else ClassifyJob(opened)


def _build(
    folder: Path, path: Path, data: Data, sources: Mapping[str, Path], every_step: bool, mark: str
) -> Manifest:
    """Read the data and write what any process may read."""
    from compare.jobs.class_data import build_classes  # noqa: PLC0415 - pandas and pyarrow can wait
    from compare.jobs.forecast_data import build_forecast  # noqa: PLC0415
    from compare.jobs.kinds import kind_of  # noqa: PLC0415
    from compare.jobs.label_sources import read_labelled  # noqa: PLC0415

    kind = kind_of(path, data, sources)
    if kind == "forecast":
        return build_forecast(folder, sources["file"], sources.get("held_out"), data, every_step, mark)
    return build_classes(folder, *read_labelled(kind, sources, data), data, mark)
