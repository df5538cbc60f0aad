"""What is kept of the machines that a run was spread over."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterRecord:
    """How many workers took part, and whether some of them shared a machine, so that speeds say little.

    `again` has a line for each time that something was run again elsewhere: what, and why.
    """

    workers: int
    shared: bool = False
    again: list[str] = field(default_factory=list)
