"""Pieces of work on their way: where each was tried, and what it came to."""

from dataclasses import dataclass, field
from typing import Any

from compare.cluster.messages import Work


class NoMachines(ConnectionError):  # noqa: N818 - reads as the fact that it states
    """There is a scheduler, and for too long there was no machine that could take part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a piece of work came to; `found` is None where no machine could do it, and `faults` say why."""

    place: int
    found: Any
    faults: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class Piece:
    """One piece of work: on which machines it was tried, what went wrong, and where it is under way.

    `partial` is what it came to on a machine that lacked something; `since` is when it was begun last, or
    put back.
    """

    place: int
    work: Work
    tried: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    partial: Any = None
    running: dict[int, str] = field(default_factory=dict)
    since: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """What it comes to where nothing more is tried."""
        return Outcome(place=self.place, found=self.partial, faults=tuple(self.faults))
