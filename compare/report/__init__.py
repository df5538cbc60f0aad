"""From what can be said of a run to pages, tables and figures."""

import logging
from contextlib import AbstractContextManager, chdir, nullcontext
from importlib.util import find_spec
from pathlib import Path

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # without a home it says where it keeps its fonts


def _where_its_own_settings_are() -> AbstractContextManager[None]:
    """Matplotlib's folder as the current one, unless that is gone, which then holds no settings."""
    spec = find_spec("matplotlib")
    try:
        Path.cwd()
    except FileNotFoundError:
        return nullcontext()
    return chdir(Path(spec.origin).parent / "mpl-data") if spec and spec.origin else nullcontext()


with _where_its_own_settings_are():
    import matplotlib as matplotlib  # it reads the settings of the current folder, else the user's
