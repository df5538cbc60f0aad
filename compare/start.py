"""How each of our processes begins: with our packages, whatever the current folder holds.

    python -P compare/start.py MODULE ARGUMENT…

runs the `main` of one of our modules. What is imported here Python has loaded already, so that nothing in the
current folder can take its place.
"""

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

FILE = os.path.abspath(__file__)
ROOT = os.path.dirname(os.path.dirname(FILE))
PACKAGES = ("adapters", "compare", "tasks")
UTF_8 = ("-X", "utf8")
"""The options of Python with which all text of the system is UTF-8."""


class OwnPackages:
    """Finds our packages beside this file, before anything else that is called the same."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [ROOT]) if name in PACKAGES else None


def read_names_as_utf_8() -> None:
    """Begin this process anew in Python's UTF-8 mode where names of files would be read as anything else.

    Under `LC_ALL=POSIX PYTHONUTF8=0` those that are no ASCII would be no text.
    """
    if sys.getfilesystemencoding() != "utf-8" and "utf8" not in sys._xoptions:
        os.execv(sys.executable, [sys.executable, *UTF_8, *sys.orig_argv[1:]])


def take_own_packages() -> None:
    """Have our packages found first, and what lies in the current folder last of all."""
    if OwnPackages not in sys.meta_path:
        sys.meta_path.insert(0, OwnPackages)
    try:
        here = os.getcwd()
    except FileNotFoundError:
        return
    sys.path[:] = [*(entry for entry in sys.path if entry not in ("", here)), here]


def command(module: str, *arguments: str) -> list[str]:
    """The command line of a process of ours that runs the `main` of a module."""
    return [sys.executable, "-P", *UTF_8, FILE, module, *arguments]


def main() -> None:
    """Run the `main` of the module that is the first argument; it finds the others in `sys.argv`."""
    take_own_packages()
    importlib.import_module(sys.argv.pop(1)).main()


if __name__ == "__main__":
    main()
