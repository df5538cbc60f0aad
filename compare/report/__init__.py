"""From what can be said of a run to pages, tables and figures."""

import logging

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # without a home it says where it keeps its fonts
