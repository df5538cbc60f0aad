"""The command line: `python -m compare`."""

from compare.cli.signals import heed_interrupts, leave_when_interrupted

leave_when_interrupted()  # before all else is imported, which takes a while

import sys
from io import TextIOWrapper
from typing import NoReturn

from compare.cli import run_commands as runs
from compare.cli import tool_commands as tools
from compare.cli.app import app, errors, screen
from compare.errors import UsageError

COMMANDS = (runs, tools)
"""The modules whose commands the application has."""


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    heed_interrupts()
    with errors.in_place():
        try:
            with screen.in_place():
                app()
        except UsageError as error:
            _fail(str(error))
        except SystemExit:
            if screen.fault:
                _fail(f"cannot write to standard output: {screen.fault}")
            raise


def _fail(error: str) -> NoReturn:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
