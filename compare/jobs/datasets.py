"""Data that were made ready, opened in any process: neither a job's file nor its source is looked at."""

from collections.abc import Sequence

from compare.jobs.changed_task import changed_task
from compare.jobs.job_file import is_job
from compare.jobs.prepared import ForecastManifest, folder_of, read_manifest
from compare.jobs.sequences import classes_dataset
from compare.jobs.windows import forecast_dataset
from tasks import find
from tasks.interface import Dataset, DataUnavailable


def dataset_of(name: str, changes: Sequence[str], key: str) -> Dataset:
    """The data of a task that `prepare` made ready in this process or another.

    Raises: DataUnavailable.
    """
    if is_job(name):
        return read_dataset(key)
    task = find(name)
    return (changed_task(task, changes) if changes else task).dataset(key)


def read_dataset(key: str) -> Dataset:
    """The data of a key, which any process may read.

    Raises: DataUnavailable where they are not there.
    """
    manifest = read_manifest(key)
    if manifest is None:
        raise DataUnavailable(f"the job's data are no longer in {folder_of(key)}: start the command anew")
    if isinstance(manifest, ForecastManifest):
        return forecast_dataset(folder_of(key), manifest)
    return classes_dataset(folder_of(key), manifest)
