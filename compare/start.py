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


class OwnPackages:
    """Finds our packages beside this file, before anything else that is called the same."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [ROOT]) if name in PACKAGES else None


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
    return [sys.executable, "-P", FILE, module, *arguments]


def main() -> None:
    """Run the `main` of the module that is the first argument; it finds the others in `sys.argv`."""
    take_own_packages()
    importlib.import_module(sys.argv.pop(1)).main()


if __name__ == "__main__":
    main()
