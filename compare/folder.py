"""The folder of a report: made ready before a run, and never anybody else's to delete."""

import tempfile
from pathlib import Path

from compare.plan import UsageError
from compare.records import UnreadableRun, load

OWN_FILES = ("README.md", "results.json", "report.html")
OWN_FOLDERS = {"figures": (".png", ".svg"), "tables": (".csv",), "logs": (".log",)}
"""Name -> the endings of the files that a run writes there."""


def check_folder(out: Path, overwrite: bool) -> None:
    """Make the output folder and find that it can be written to.

    Raises: UsageError where it cannot, where it holds a report that is to be kept, or where what it
    holds is no report.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except FileExistsError as error:
        raise UsageError(f"{out} is a file: choose another --out") from error
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
