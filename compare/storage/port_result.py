"""The folder of a comparison of two programs."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from compare.errors import UsageError
from compare.storage.atomic import write_bytes
from compare.storage.encoding import encoded
from compare.storage.run_folder import hold_output_folder

RESULT_FILE = "port.json"
OWN_FILES = (RESULT_FILE, "README.md", "report.html")


@contextlib.contextmanager
def hold_port_folder(out: Path, *, overwrite: bool) -> Iterator[None]:
    """Make the folder and keep others out of it.

    Raises: UsageError where it cannot be made, or holds anything that must not be overwritten.
    """
    with hold_output_folder(out):
        taken = [name for name in (*OWN_FILES, "results.json", "figures") if (out / name).exists()]
        if taken and not (overwrite and (out / RESULT_FILE).exists()):
            raise UsageError(f"{out} already holds {taken[0]}: add --overwrite, or choose another --out")
        for name in OWN_FILES:
            (out / name).unlink(missing_ok=True)
        yield


def save_port_result(plain: Mapping[str, object], out: Path) -> Path:
    """Write port.json; return its path."""
    path = out / RESULT_FILE
    write_bytes(path, msgspec.json.format(encoded(plain), indent=2) + b"\n")
    return path
