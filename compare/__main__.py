"""The command line: `python -m compare`."""

from compare.interrupts import heed_interrupts, leave_when_interrupted

leave_when_interrupted()  # before all else is imported, which takes a while

import contextlib
import sys
from io import TextIOWrapper

from compare.commands import runs, tools
from compare.commands.application import app, screen
from compare.plan import UsageError

COMMANDS = (runs, tools)
"""The modules whose commands the application has."""


def main() -> None:
    """Run the command line; a mistake of the user's is one line and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    heed_interrupts()
    with contextlib.ExitStack() as end:
        end.callback(
            lambda: _say(f"cannot write to standard output: {screen.fault}") if screen.fault else None
        )
        try:
            app()
        except UsageError as error:
            _say(str(error))
            sys.exit(2)


def _say(error: str) -> None:
    with contextlib.suppress(OSError):
        print(f"error: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
