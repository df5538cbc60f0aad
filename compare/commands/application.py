"""The application that commands belong to, and the screen that they print to."""

from typing import IO, cast

import typer
from rich.console import Console

from compare.screen import Screen

app = typer.Typer(
    help="Train one recurrent network in several frameworks, in lockstep, and compare what is left.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
screen = Screen()
console = Console(file=cast(IO[str], screen))
