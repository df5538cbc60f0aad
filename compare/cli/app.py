"""The application that commands belong to, and the consoles that they print to."""

from typing import IO, cast

import typer
from rich.console import Console

from compare.cli.output import OutputStream

app = typer.Typer(
    help="Train one recurrent network in several frameworks, in lockstep, and compare what is left.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
stdout, stderr = OutputStream("stdout"), OutputStream("stderr")


def _console(stream: OutputStream) -> Console:
    """A console that shows text as it is: a path or a name may look like markup."""
    return Console(file=cast(IO[str], stream), markup=False, emoji=False)


console, error_console = _console(stdout), _console(stderr)
