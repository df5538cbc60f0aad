"""Progress: bars on a terminal; elsewhere a line for each stage that is done."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from compare.records.block import Observer
from compare.storage.run_folder import write_log


def progress_bars(console: Console) -> Progress:
    """A display for progress bars that fill the width of the terminal, with the time left as estimated."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[current]:<10}", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(compact=True),
        console=console,
        disable=not console.is_terminal,
    )


@contextmanager
def bar(progress: Progress, title: str, turns: int) -> Iterator[Callable[[str], None]]:
    """Show a bar of so many turns; yield the function that advances it and names the adapter of the turn."""
    begin = time.monotonic()
    row = progress.add_task(title, total=turns, current="starting")
    yield lambda current: progress.update(row, advance=1, current=current)
    progress.update(row, completed=turns, current="")
    if progress.disable:
        say(progress.console, f"{title}: done in {time.monotonic() - begin:.0f} s")


def say(console: Console, text: str) -> None:
    """Print a text as it is: a path or a name may look like markup."""
    console.print(Text(text))


class TickingObserver(Observer):
    """Moves a bar on at every turn."""

    def __init__(self, tick: Callable[[str], None]) -> None:
        self._tick = tick

    def turn(self, adapter: str) -> None:
        self._tick(adapter)


class LoggingObserver(TickingObserver):
    """Has logs in the run's folder, too."""

    def __init__(self, folder: Path, tick: Callable[[str], None]) -> None:
        super().__init__(tick)
        self._folder = folder

    def keep_log(self, name: str, text: str) -> None:
        write_log(self._folder, name, text)
