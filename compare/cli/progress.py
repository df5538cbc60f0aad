"""Progress: bars on a terminal; elsewhere a line for each stage that is done, and for one that goes on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from compare.machine.inherited import replaced_variables
from compare.records.block import Observer
from compare.storage.run_folder import write_log
from compare.text import shortened, storable


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


SECONDS_BETWEEN_LINES = 60.0
"""After so long, a stage that goes on says at its next turn how far it is, where there are no bars."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, which names whom or what is waited for."""

    progress: Progress
    row: TaskID

    def __call__(self, current: str) -> None:
        """Advance by a turn, and name what that was."""
        self.progress.update(self.row, advance=1, current=current)
        if self.progress.disable:
            self._say_how_far()

    def _say_how_far(self) -> None:
        (task,) = (each for each in self.progress.tasks if each.id == self.row)
        now = time.monotonic()
        if now - task.fields["said"] < SECONDS_BETWEEN_LINES or task.finished:
            return
        say(self.progress.console, f"{task.description}: {task.completed:.0f} of {task.total:.0f} turns")
        self.progress.update(self.row, said=now)

    def wait_for(self, current: str) -> None:
        """Name what comes next."""
        self.progress.update(self.row, current=current)


@contextmanager
def bar(progress: Progress, title: str, turns: int) -> Iterator[Bar]:
    """Show a bar of so many turns; elsewhere than on a terminal say how far it is, and when it is full."""
    begin = time.monotonic()
    row = progress.add_task(title, total=turns, current="starting", said=begin)
    yield Bar(progress, row)
    progress.update(row, completed=turns, current="")
    if progress.disable:
        say(progress.console, f"{title}: done in {time.monotonic() - begin:.0f} s")


def say(console: Console, text: str) -> None:
    """Print a text as it is: a path or a name may look like markup."""
    console.print(Text(text))


def say_what_is_set_aside(console: Console) -> None:
    """Name the variables that would have changed what is computed, where there are some."""
    if aside := replaced_variables():
        listed = ", ".join(f"{name}={shortened(storable(value), 30)}" for name, value in aside.items())
        say(console, f"Set aside, as it changes what frameworks compute, or how fast: {listed}")


class TickingObserver(Observer):
    """Moves a bar on at every turn, and has it name whose turn it is."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar

    def wait_for(self, adapter: str) -> None:
        self._bar.wait_for(adapter)

    def turn(self, adapter: str) -> None:
        self._bar(adapter)


class LoggingObserver(TickingObserver):
    """Has logs in the run's folder, too."""

    def __init__(self, folder: Path, bar: Bar) -> None:
        super().__init__(bar)
        self._folder = folder

    def keep_log(self, name: str, text: str) -> None:
        write_log(self._folder, name, text)
