"""What a dispatcher needs of a scheduler: who works there, work begun, called off and ended."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class SchedulerLost(ConnectionError):  # noqa: N818 - reads as the fact that it states
    """The scheduler does not answer any more, or has forgotten what it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Work that has ended on a machine: what it returned, or why it returned nothing."""

    number: int
    content: bytes = b""
    error: str = ""


class Scheduler(Protocol):
    """What gives work to machines, which are known by their workers' addresses."""

    def workers(self) -> dict[str, bool] | None:
        """Whether each worker has the resource, by address; None where there is no answer now.

        Raises: SchedulerLost.
        """

    def begin(
        self, worker: str, function: Callable[[bytes], bytes], message: bytes, *, needs_resource: bool
    ) -> int:
        """Have a worker do something; return the number of it.

        Raises: SchedulerLost.
        """

    def call_off(self, number: int) -> None:
        """Want something no more, whether it has begun or not."""

    def ended(self, seconds: float) -> Ended | None:
        """The next thing that ends within this time and was not called off."""

    def reconnect(self) -> None:
        """Connect anew; whatever was begun is called off.

        Raises: SchedulerLost.
        """

    def close(self) -> None:
        """Call off all that was begun."""
