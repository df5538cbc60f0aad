"""The folder of a site over many runs: only what an earlier site wrote there is ever replaced."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from compare.errors import UsageError
from compare.storage.atomic import write_bytes, write_text
from compare.storage.run_folder import hold_output_folder

MARK = "site.json"
SCHEMA = 1
RUNS = "runs"
OWN_FILES = ("index.html", "plotly.js", MARK)
FILES_OF_A_RUN = ("report.html", "results.json")


class _Mark(msgspec.Struct):
    lockstep_site: int


@contextlib.contextmanager
def hold_site_folder(out: Path) -> Iterator[None]:
    """Make the folder of a site, or empty that of an earlier one, and keep others out of it.

    Raises: UsageError where the folder holds anything but a site, or cannot be written to.
    """
    with hold_output_folder(out):
        try:
            if any(out.iterdir()):
                _expect_site(out)
                _clear(out)
            write_bytes(out / MARK, msgspec.json.encode(_Mark(lockstep_site=SCHEMA)) + b"\n")
            (out / RUNS).mkdir(exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot write to {out}: {error.strerror}") from error
        yield


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
    folder.mkdir(exist_ok=True)
    (folder / "report.html").write_text(report, encoding="utf-8")
    shutil.copyfile(results, folder / "results.json")


def _expect_site(out: Path) -> None:
    if not is_site(out):
        raise UsageError(f"{out} is there already, and is no site of Lockstep: choose another --out")


def _clear(out: Path) -> None:
    """Remove what an earlier site wrote, and nothing else."""
    for folder in (out / RUNS).iterdir() if (out / RUNS).is_dir() else ():
        if folder.is_symlink() or not folder.is_dir():
            continue
        for name in FILES_OF_A_RUN:
            (folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            folder.rmdir()
    for name in OWN_FILES:
        (out / name).unlink(missing_ok=True)
