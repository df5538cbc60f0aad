"""From what can be said of a run to pages, tables and figures."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # without a home it says where it keeps its fonts


@contextmanager
def _in_matplotlibs_folder() -> Iterator[None]:
    """With the folder of Matplotlib's own settings as the current one, which may be one that is gone."""
    here = os.open(".", os.O_PATH)
    spec = find_spec("matplotlib")
    try:
        if spec and spec.origin:
            os.chdir(Path(spec.origin).parent / "mpl-data")
        yield
    finally:
        os.fchdir(here)
        os.close(here)


with _in_matplotlibs_folder():
    import matplotlib as matplotlib  # it reads the settings of the current folder, else the user's
