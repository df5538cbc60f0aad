"""What the terminal shows: bars while something runs, and what `check` found."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from adapters.conformance import Outcome
from compare.records.block import Observer
from compare.records.parity import Proof
from compare.text import NOTHING, difference

WORDS = {"failed": "failed", "expected": "failed as declared", "skipped": "skipped"}


def progress_bars(console: Console) -> Progress:
    """A place for bars that fill the width."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[current]:<10}", markup=False),
        TimeElapsedColumn(),
        console=console,
    )


@contextmanager
def bar(progress: Progress, title: str, turns: int) -> Iterator[Callable[[str], None]]:
    """A bar of so many turns, and the call that moves it on and names whose turn it was."""
    row = progress.add_task(title, total=turns, current="starting")
    yield lambda current: progress.update(row, advance=1, current=current)
    progress.update(row, completed=turns, current="")


class TickingObserver(Observer):
    """Moves a bar on at every turn."""

    def __init__(self, tick: Callable[[str], None]) -> None:
        self._tick = tick

    def turn(self, adapter: str) -> None:
        self._tick(adapter)


def conformance_table(found: Mapping[str, Sequence[Outcome]]) -> Table:
    """One row an adapter: how many checks it passed, and the names of the others."""
    table = Table(box=None, pad_edge=False)
    table.add_column("conformance", overflow="fold")
    table.add_column("passed", justify="right", no_wrap=True)
    table.add_column("not passed")
    for adapter, outcomes in found.items():
        names = {
            status: [outcome.name for outcome in outcomes if outcome.status == status]
            for status in ("passed", "failed", "expected", "skipped")
        }
        passed = f"{len(names.pop('passed'))} of {len(outcomes)}"
        others = "; ".join(f"{WORDS[status]}: {', '.join(those)}" for status, those in names.items() if those)
        table.add_row(*map(Text, (adapter, passed, others or NOTHING)))
    return table


def proof_table(proofs: Sequence[Proof], verdict: Callable[[Proof], str]) -> Table:
    """One row a task and adapter: its largest differences, and the verdict or why there is none."""
    table = Table(box=None, pad_edge=False)
    table.add_column("lockstep", no_wrap=True)
    table.add_column("adapter", overflow="fold")
    for heading in ("loss", "param.", "grad.", "float32"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict")
    for place, proof in enumerate(proofs):
        repeated = place > 0 and proofs[place - 1].task == proof.task
        table.add_row(
            Text("" if repeated else proof.task),
            Text(proof.adapter),
            *(Text(difference(largest)) for largest in proof.largest),
            Text(verdict(proof)),
        )
    return table
