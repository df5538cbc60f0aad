"""From what can be said of a run to pages, tables and figures."""

import logging

from compare.errors import UsageError

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # without a home it says where it keeps its fonts

try:
    import matplotlib as matplotlib  # reads the user's settings, though figures take none of them
except UnicodeDecodeError as error:
    raise UsageError(f"a file matplotlibrc, here or at home, is no UTF-8: rename it ({error})") from error
