"""The folder of a report: held while a run writes there, and never anybody else's to delete."""

import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from compare.errors import UsageError
from compare.storage import checkpoint as checkpoints
from compare.storage import journal
from compare.storage.atomic import temporary_name_of, write_text
from compare.storage.results import UnreadableRun, load

OWN_FILES = ("README.md", "results.json", "report.html", journal.NAME, checkpoints.NAME)
OWN_FOLDERS = {"figures": (".png", ".svg"), "tables": (".csv",), "logs": (".log",)}
"""Name -> the endings of the files that a run writes there."""


@contextlib.contextmanager
def held(out: Path) -> Iterator[None]:
    """Make the output folder and keep other runs out of it; remove it if it was left empty.

    The lock lies on the folder itself and ends with the process, however that ends.

    Raises: UsageError where it cannot be made or another run holds it.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
    except FileExistsError as error:
        raise UsageError(f"{out} is a file: choose another --out") from error
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            os.close(descriptor)
            raise UsageError(
                f"another run is writing to {out}: wait for it, or choose another --out"
            ) from error
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            out.rmdir()
        os.close(descriptor)


def check_folder(out: Path, overwrite: bool) -> None:
    """Find that the output folder can be written to.

    Raises: UsageError where it cannot, where it holds a report that is to be kept, or where what it
    holds is no report.
    """
    try:
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from error
    taken = [name for name in (*OWN_FILES, *OWN_FOLDERS) if (out / name).exists()]
    if taken and not overwrite:
        raise UsageError(f"{out} already holds {taken[0]}: add --overwrite, or choose another --out")
    if taken:
        try:
            load(out)
        except UnreadableRun as error:
            raise UsageError(
                f"{out} holds {taken[0]} but no report to overwrite ({error}): choose another --out"
            ) from error


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


def clear_temporary_files(out: Path) -> None:
    """Remove the half-written files of a run that was killed."""
    for folder in (out, *(out / name for name in OWN_FOLDERS)):
        endings = OWN_FOLDERS.get(folder.name, ()) if folder != out else OWN_FILES
        for path in folder.iterdir() if folder.is_dir() and not folder.is_symlink() else ():
            name = temporary_name_of(path)
            if name and name.endswith(endings) and not path.is_dir():
                path.unlink()
