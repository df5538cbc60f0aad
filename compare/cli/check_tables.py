"""What `check` found, as tables for the terminal."""

from collections.abc import Callable, Mapping, Sequence

from rich.table import Table
from rich.text import Text

from adapters.conformance import Outcome
from compare.records.parity import ParityResult
from compare.text import NOTHING, difference

STATUS_WORDS = {"failed": "failed", "expected": "failed as declared", "skipped": "skipped"}


def conformance_table(found: Mapping[str, Sequence[Outcome]], planned: int) -> Table:
    """One row an adapter: how many checks it passed, the names of the others, and how many have not ended."""
    table = Table(box=None, pad_edge=False)
    table.add_column("conformance", overflow="fold")
    table.add_column("passed", justify="right", no_wrap=True)
    table.add_column("not passed")
    for adapter, outcomes in found.items():
        names = {
            status: [outcome.name for outcome in outcomes if outcome.status == status]
            for status in ("passed", "failed", "expected", "skipped")
        }
        total = len(outcomes) if stopped_at_start(outcomes) else max(planned, len(outcomes))
        passed = f"{len(names.pop('passed'))} of {total}"
        others = "; ".join(
            [
                *(f"{STATUS_WORDS[status]}: {', '.join(those)}" for status, those in names.items() if those),
                *([f"interrupted: {total - len(outcomes)}"] if total > len(outcomes) else []),
            ]
        )
        table.add_row(*map(Text, (adapter, passed, others or NOTHING)))
    return table


def stopped_at_start(outcomes: Sequence[Outcome]) -> bool:
    """Whether no worker started, so that there are no checks to wait for."""
    return any(outcome.name == "start" for outcome in outcomes)


def proof_table(proofs: Sequence[ParityResult], result: Callable[[ParityResult], str]) -> Table:
    """One row a task and adapter: its largest differences, and the result or why there is none."""
    table = Table(box=None, pad_edge=False)
    table.add_column("lockstep", no_wrap=True)
    table.add_column("adapter", overflow="fold")
    for heading in ("loss", "param.", "grad.", "float32"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("result")
    for place, proof in enumerate(proofs):
        repeated = place > 0 and proofs[place - 1].task == proof.task
        table.add_row(
            Text("" if repeated else proof.task),
            Text(proof.adapter),
            *(Text(difference(largest)) for largest in proof.largest),
            Text(result(proof)),
        )
    return table
