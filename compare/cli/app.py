"""The application that commands belong to, and the consoles that they print to."""

from typing import IO, cast

import typer
from rich.console import Console, ConsoleDimensions

from compare.cli.output import OutputStream

USUAL_WIDTH, LEAST_WIDTH = 80, 40
"""Columns of a terminal that tells none, and those below which lines run on into the next."""

app = typer.Typer(
    help="Train one recurrent network in several frameworks, in lockstep, and compare what is left.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
stdout, stderr = OutputStream("stdout"), OutputStream("stderr")


class _Console(Console):
    """Shows text as it is, for a path or a name may look like markup; never a letter a line."""

    def __init__(self, stream: OutputStream) -> None:
        super().__init__(file=cast(IO[str], stream), markup=False, emoji=False)

    @property  # type: ignore[misc]  # nobody sets it
    def size(self) -> ConsoleDimensions:
        width, height = super().size
        return ConsoleDimensions(max(width or USUAL_WIDTH, LEAST_WIDTH), height)


console, error_console = _Console(stdout), _Console(stderr)
