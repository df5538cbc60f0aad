"""Data that installed packages bring along, read from their files: to import such a package takes seconds."""

from importlib.util import find_spec
from pathlib import Path

from tasks.interface import DataUnavailable


def data_file(package: str, *parts: str) -> Path:
    """A file of an installed package.

    Raises: DataUnavailable where the package or the file is missing.
    """
    found = find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise DataUnavailable(f"{package}, which brings {parts[-1]}, is not installed: install it")
    path = Path(found.submodule_search_locations[0], *parts)
    if not path.is_file():
        raise DataUnavailable(f"{path} is missing: install the version of {package} in requirements.lock")
    return path
