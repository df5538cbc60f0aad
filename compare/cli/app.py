"""The application that commands belong to, and the consoles that they print to."""

from typing import IO, Any, cast

import typer
from rich.console import Console, ConsoleDimensions
from typer.core import TyperGroup

from compare.cli.output import OutputStream

USUAL_WIDTH, LEAST_WIDTH = 80, 40
"""Columns of a terminal that tells none, and those below which lines run on into the next."""

ORDER = (
    "all", "run", "describe", "report", "diff", "merge", "site", "check", "new", "port", "convert",
    "bench", "profile", "sweep", "tutorials", "accuracy", "list",
)  # fmt: skip


class _InOrder(TyperGroup):
    """Shows the commands in the order in which a newcomer needs them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted(super().list_commands(ctx), key=ORDER.index)


app = typer.Typer(
    cls=_InOrder,
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
