"""Gaps in a table: counted, and said in the report."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from compare.text import counted


@dataclass(slots=True)
class Gaps:
    """How many values were filled, by column, and how many rows were left out."""

    filled: dict[str, int] = field(default_factory=dict)
    dropped: int = 0

    def sentences(self, path: Path) -> Iterator[str]:
        """What was done to the gaps of a file."""
        if self.filled:
            filled = ", ".join(f"{count:,} in {name}" for name, count in self.filled.items())
            yield f"Gaps of {path.name} have the value of the row before: {filled}."
        if self.dropped:
            yield f"Left out of {path.name} for gaps: {counted(self.dropped, 'row')}."
