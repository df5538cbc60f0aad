"""What the files of a run were when it ended, in the form that `sha256sum --check` reads."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from compare.errors import UsageError
from compare.storage.atomic import write_text
from compare.storage.results import JOURNAL_FILE

CHECKSUMS_FILE = "checksums.txt"
RESULTS = "results.json"

_FOLDERS = {"tables": ".csv", "parameters": ".npz", "logs": ".log"}
"""Name -> the ending of the files in it that have a checksum, as `results.json` has."""

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")


def write_checksums(folder: Path) -> None:
    """Note what the results, tables, parameters and logs of a run are now."""
    _write(folder, {name: _checksum(folder / name) for name in _present(folder)})


def delete_checksums(folder: Path) -> None:
    """Forget them: the run goes on."""
    (folder / CHECKSUMS_FILE).unlink(missing_ok=True)


def renew_tables(folder: Path) -> None:
    """Note the tables anew, as a report that is written again has them; all else stays as the run left it.

    A run that has noted nothing is left so.

    Raises: UsageError where the checksums cannot be read.
    """
    known = read_checksums(folder)
    if known is None:
        return
    kept = {name: value for name, value in known.items() if not name.startswith("tables/")}
    tables = {name: _checksum(folder / name) for name in _present(folder) if name.startswith("tables/")}
    _write(folder, {**kept, **tables})


def read_checksums(folder: Path) -> dict[str, str] | None:
    """The checksums that a run has noted, by file; None where it has noted none.

    Raises: UsageError for what is no list of a run's files, and for a name that leaves the folder.
    """
    path = folder / CHECKSUMS_FILE
    if not path.exists():
        return None
    if not path.is_file():
        raise UsageError(f"{path}: not a file that can be read")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    found = {}
    for number, line in enumerate(lines, 1):
        entry = _LINE.fullmatch(line)
        if entry is None:
            raise UsageError(
                f"{path}, line {number}: expected a checksum and a file, as sha256sum writes them"
            )
        if not _belongs(entry[2]):
            raise UsageError(f"{path}, line {number}: {entry[2]!r} is no file of a run's folder")
        found[entry[2]] = entry[1]
    return found


def checked(folder: Path) -> dict[str, str] | None:
    """The checksums of a run, all of which hold; None where it has noted none.

    Raises: UsageError that names the first file that is not what the run left.
    """
    known = read_checksums(folder)
    if known is None:
        return None
    if RESULTS not in known:
        raise UsageError(f"{folder / CHECKSUMS_FILE}: has no checksum of {RESULTS}")
    if (folder / JOURNAL_FILE).exists():
        raise UsageError(f"{folder / JOURNAL_FILE}: is nothing that a run leaves as it ends: delete it")
    for name, value in known.items():
        path = folder / name
        if path.is_symlink() or not path.is_file():
            raise UsageError(f"{path}: is missing, and {CHECKSUMS_FILE} names it: restore it")
        if _checksum(path) != value:
            raise UsageError(f"{path}: is not what the run left there (see {CHECKSUMS_FILE}): restore it")
    return known


def _belongs(name: str) -> bool:
    """Whether this is a name that a run gives one of its files: nothing else is ever opened."""
    inside, _, file = name.rpartition("/")
    if not inside:
        return file == RESULTS
    ending = _FOLDERS.get(inside)
    return ending is not None and file.endswith(ending) and not file.startswith(".")


def _present(folder: Path) -> Iterator[str]:
    yield RESULTS
    for name, ending in _FOLDERS.items():
        inside = folder / name
        if inside.is_dir() and not inside.is_symlink():
            for path in sorted(inside.glob(f"*{ending}")):
                if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                    yield f"{name}/{path.name}"


def _checksum(path: Path) -> str:
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _write(folder: Path, checksums: dict[str, str]) -> None:
    lines = (f"{value}  {name}\n" for name, value in sorted(checksums.items()))
    write_text(folder / CHECKSUMS_FILE, "".join(lines))
