"""Progress bars."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from compare.records.block import Observer


def progress_bars(console: Console) -> Progress:
    """A display for progress bars that fill the width of the terminal."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[current]:<10}", markup=False),
        TimeElapsedColumn(),
        console=console,
    )


@contextmanager
def bar(progress: Progress, title: str, turns: int) -> Iterator[Callable[[str], None]]:
    """Show a bar of so many turns; yield the function that advances it and names the adapter of the turn."""
    row = progress.add_task(title, total=turns, current="starting")
    yield lambda current: progress.update(row, advance=1, current=current)
    progress.update(row, completed=turns, current="")


class TickingObserver(Observer):
    """Moves a bar on at every turn."""

    def __init__(self, tick: Callable[[str], None]) -> None:
        self._tick = tick

    def turn(self, adapter: str) -> None:
        self._tick(adapter)
