"""The folder of a run: locked while something writes there; only files of a run are ever deleted."""

import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from adapters.interface import Array
from compare.errors import UsageError
from compare.storage.array_file import write_arrays
from compare.storage.atomic import temporary_name_of, write_text
from compare.storage.checkpoint import RECORDS_FILE, SNAPSHOT_FILE
from compare.storage.checksums import CHECKSUMS_FILE
from compare.storage.results import JOURNAL_FILE, UnreadableRun, load

OWN_FILES = (
    "README.md",
    "results.json",
    "report.html",
    CHECKSUMS_FILE,
    JOURNAL_FILE,
    RECORDS_FILE,
    SNAPSHOT_FILE,
)
OWN_FOLDERS = {
    "pages": (".md",),
    "figures": (".png", ".svg"),
    "tables": (".csv",),
    "logs": (".log",),
    "parameters": (".npz",),
}
"""Name -> the endings of the files that a run writes there."""


@contextlib.contextmanager
def hold_output_folder(out: Path) -> Iterator[None]:
    """Make the output folder and keep other runs out of it.

    What was made for it is removed again where it is left empty; a folder that was there before stays.

    Raises: UsageError where it cannot be made or another run holds it.
    """
    made = _make_folder(out)
    with lock_folder(out):
        try:
            yield
        finally:
            _remove_empty(made)


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Keep other runs and reports out of a folder.

    The lock lies on the folder itself and ends with the process, however that ends.

    Raises: UsageError where the folder cannot be opened or a run holds it.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise UsageError(f"cannot open the folder {folder}: {error.strerror}") from error
    try:
        _lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder: Path) -> None:
    """Take the lock; without one where the file system has no locks."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            raise UsageError(
                f"another run is writing to {folder}: wait for it, or name another folder"
            ) from error


def _make_folder(out: Path) -> list[Path]:
    """Make a folder and those around it; return those that were not there, the outermost first."""
    made: list[Path] = []
    for folder in reversed((out, *out.parents)):
        try:
            if folder.is_dir():
                continue
            folder.mkdir(exist_ok=True)
        except OSError as error:
            _remove_empty(made)
            if folder == out and isinstance(error, FileExistsError):
                raise UsageError(f"{out} is a file: choose another --out") from error
            reason = f"{folder} is a file" if isinstance(error, FileExistsError) else error.strerror
            raise UsageError(f"cannot write to {out}: {reason}") from error
        made.append(folder)
    return made


def _remove_empty(folders: Sequence[Path]) -> None:
    with contextlib.suppress(OSError):
        for folder in reversed(folders):
            folder.rmdir()


def check_folder(out: Path, overwrite: bool) -> None:
    """Raise if the output folder cannot be written to, or holds anything that must not be overwritten.

    Raises: UsageError.
    """
    try:
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from error
    taken = [name for name in (*OWN_FILES, *OWN_FOLDERS) if _holds_anything(out / name)]
    if taken and not overwrite:
        raise UsageError(f"{out} already holds {taken[0]}: add --overwrite, or choose another --out")
    if taken:
        try:
            load(out)
        except UnreadableRun as error:
            raise UsageError(
                f"{out} holds {taken[0]} but no report to overwrite ({error}): choose another --out"
            ) from error


def _holds_anything(path: Path) -> bool:
    """Whether there is such a file, or a folder that is not known to be empty."""
    try:
        return any(path.iterdir()) if path.is_dir() else path.exists()
    except OSError:
        return True


def clear_folder(out: Path) -> None:
    """Remove what an earlier run wrote into the output folder, and nothing else; make the folder for logs."""
    clear_temporary_files(out)
    for name in OWN_FILES:
        (out / name).unlink(missing_ok=True)
    for name, endings in OWN_FOLDERS.items():
        folder = out / name
        if folder.is_symlink() or not folder.is_dir():
            continue
        for path in folder.iterdir():
            if path.suffix in endings and not path.is_dir():
                path.unlink()
        if not any(folder.iterdir()):
            folder.rmdir()
    (out / "logs").mkdir(exist_ok=True)


def write_log(out: Path, name: str, text: str) -> None:
    """Have what a worker wrote in a file under `logs`."""
    (out / "logs").mkdir(exist_ok=True)
    write_text(out / "logs" / name, text)


def write_parameters(out: Path, name: str, parameters: Mapping[str, Array]) -> None:
    """Have what an adapter learned in a file under `parameters`, each array under its canonical name."""
    (out / "parameters").mkdir(exist_ok=True)
    write_arrays(out / "parameters" / name, parameters)


def read_own_file(folder: Path, name: str) -> bytes | None:
    """What a run has in one of its files, named relative to its folder; None where there is no such file.

    Raises: UsageError for a name that leaves the folder or is none that a run gives, and for a file that
    cannot be read.
    """
    inside, _, file = name.rpartition("/")
    endings = OWN_FOLDERS.get(inside, ())
    if not file.endswith(endings) or not endings or file.startswith("."):
        raise UsageError(f"{folder}: {name!r} is no file of a run's folder: its results were changed by hand")
    path = folder / inside / file
    if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def make_report_folders(out: Path) -> None:
    """Make the folders that a report's pages, figures and tables lie in."""
    for name in ("pages", "figures", "tables"):
        (out / name).mkdir(exist_ok=True)


def keep_pages(out: Path, names: Collection[str]) -> None:
    """Remove the pages of an earlier report whose names, relative to the folder, are not among these."""
    for path in (out / "pages").glob("*.md"):
        if path.relative_to(out).as_posix() not in names:
            path.unlink()
    with contextlib.suppress(OSError):
        (out / "pages").rmdir()


def clear_temporary_files(out: Path) -> None:
    """Remove the half-written files of a run that was killed."""
    for folder in (out, *(out / name for name in OWN_FOLDERS)):
        endings = OWN_FOLDERS.get(folder.name, ()) if folder != out else OWN_FILES
        for path in folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ():
            name = temporary_name_of(path)
            if name and name.endswith(endings) and not path.is_dir():
                path.unlink()
