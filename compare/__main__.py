"""The command line: `python -m compare`."""

from compare.start import read_names_as_utf_8, take_own_packages

read_names_as_utf_8()  # whatever the locale
take_own_packages()  # whatever the current folder holds

from compare.machine.inherited import set_aside

set_aside()  # before anything is imported that reads it

from compare.cli.signals import exit_when_interrupted, handle_interrupts

exit_when_interrupted()  # before all else is imported, which takes a while

import sys
from io import TextIOWrapper
from typing import NoReturn

from compare.cli import merge, site
from compare.cli import port_commands as ports
from compare.cli import run_commands as runs
from compare.cli import tool_commands as tools
from compare.cli.app import app, stderr, stdout
from compare.errors import UsageError

COMMANDS = (runs, tools, ports, merge, site)
"""The modules whose commands the application has."""


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace", line_buffering=True)
    handle_interrupts()
    with stderr.installed():
        try:
            with stdout.installed():
                app()
        except UsageError as error:
            _fail(str(error))
        except SystemExit:
            if stdout.fault:
                _fail(f"cannot write to standard output: {stdout.fault}")
            raise


def _fail(error: str) -> NoReturn:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
