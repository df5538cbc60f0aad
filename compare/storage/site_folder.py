"""The folder of a site over many runs: only what an earlier site wrote there is ever replaced."""

import contextlib
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from compare.errors import UsageError
from compare.storage.atomic import write_bytes, write_text
from compare.storage.run_folder import hold_output_folder

MARK = "site.json"
SCHEMA = 1
RUNS = "runs"
FILES_OF_A_RUN = ("report.html", "results.json")


class _Mark(msgspec.Struct):
    lockstep_site: int


@contextlib.contextmanager
def hold_site_folder(out: Path) -> Iterator[None]:
    """Make the folder of a site, or take that of an earlier one, and keep others out of it.

    Where nothing comes of a new site, nothing of it stays.

    Raises: UsageError where the folder holds anything but a site, or cannot be written to.
    """
    with hold_output_folder(out):
        try:
            fresh = not any(out.iterdir())
            if not fresh and not is_site(out):
                raise UsageError(f"{out} is there already, and is no site of Lockstep: choose another --out")
            write_bytes(out / MARK, msgspec.json.encode(_Mark(lockstep_site=SCHEMA)) + b"\n")
            (out / RUNS).mkdir(exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot write to {out}: {error.strerror}") from error
        try:
            yield
        except UsageError:
            if fresh:
                keep_runs(out, ())
                (out / RUNS).rmdir()
                (out / MARK).unlink()
            raise


def is_site(folder: Path) -> bool:
    """Whether a folder holds a site."""
    try:
        msgspec.json.decode((folder / MARK).read_bytes(), type=_Mark)
    except (OSError, msgspec.DecodeError):
        return False
    return not (folder / RUNS).is_symlink()


def write_site_file(out: Path, name: str, text: str) -> None:
    """Write one file of the site itself."""
    write_text(out / name, text)


def write_run_files(out: Path, place: str, report: str, results: Path) -> None:
    """Write the report of one run, and its results as they are, into a folder of their own."""
    folder = out / RUNS / place
    if folder.is_symlink():
        folder.unlink()
    folder.mkdir(exist_ok=True)
    _clear(folder)
    (folder / "report.html").write_text(report, encoding="utf-8")
    shutil.copyfile(results, folder / "results.json")


def keep_runs(out: Path, places: Collection[str]) -> None:
    """Remove what earlier sites wrote of runs that are not among these, and nothing else."""
    for folder in (out / RUNS).iterdir():
        if folder.name not in places and folder.is_dir() and not folder.is_symlink():
            _clear(folder)
            with contextlib.suppress(OSError):
                folder.rmdir()


def _clear(folder: Path) -> None:
    for name in FILES_OF_A_RUN:
        (folder / name).unlink(missing_ok=True)
