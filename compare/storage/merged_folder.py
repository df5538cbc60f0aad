"""Runs read to be merged, and the folder of the merged run written; the runs' own folders stay untouched."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from compare.errors import UsageError
from compare.records.results import Results
from compare.records.run import Run
from compare.storage.atomic import write_bytes
from compare.storage.checksums import RESULTS, checked
from compare.storage.results import open_run
from compare.storage.run_folder import lock_folder, read_own_file
from compare.text import slug


@contextmanager
def hold_runs(folders: Sequence[Path], out: Path) -> Iterator[None]:
    """Keep whatever writes to them out of the folders of runs.

    Raises: UsageError for a folder that is named twice, that a run is writing to, or that `out` lies in.
    """
    found = [folder.resolve() for folder in folders]
    for folder, place in zip(folders, found, strict=True):
        if found.count(place) > 1:
            raise UsageError(f"{folder} is named twice: name every run once")
        if out.resolve().is_relative_to(place):
            raise UsageError(f"--out {out} lies in {folder}, which stays as it is: choose another")
    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(lock_folder(folder))
        yield


def read_checked(folder: Path) -> tuple[Results, str]:
    """The results of a run whose files are all as it left them, and their checksum, empty if it noted none.

    Raises: UsageError.
    """
    known = checked(folder)
    results = open_run(folder)
    return results, "" if known is None else known[RESULTS]


def copy_files(folder: Path, results: Results, record: Run, part: int, out: Path) -> Run:
    """Copy a run's log and parameters to the merged run; return its record there.

    Raises: UsageError for a log that is no file of the run's.
    """
    log = None
    if record.log is not None and (content := read_own_file(folder, record.log)) is not None:
        log = f"logs/{part}-{Path(record.log).name}"
        _write(out / log, content)
    name = parameters_name(results, record)
    parameters = read_own_file(folder, name)
    merged = replace(record, part=part, log=log)
    if parameters is not None:
        _write(out / "parameters" / f"{part}-{_plain_parameters_name(record)}", parameters)
    return merged


def parameters_name(results: Results, record: Run) -> str:
    """The file with what an adapter learned, relative to the run's folder."""
    prefix = f"{record.part}-" if results.sources else ""
    return f"parameters/{prefix}{_plain_parameters_name(record)}"


def _plain_parameters_name(record: Run) -> str:
    return f"{slug(record.task)}-{slug(record.adapter)}-{record.seed}.npz"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    write_bytes(path, content)
