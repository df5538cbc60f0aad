"""The application that commands belong to, and the screens that they print to."""

from typing import IO, cast

import typer
from rich.console import Console

from compare.cli.output import Screen

app = typer.Typer(
    help="Train one recurrent network in several frameworks, in lockstep, and compare what is left.",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
screen, errors = Screen("stdout"), Screen("stderr")


def _console(shown_on: Screen) -> Console:
    """What is printed is shown as it is: a path or a name may look like markup."""
    return Console(file=cast(IO[str], shown_on), markup=False, emoji=False)


console, aside = _console(screen), _console(errors)
