"""The causes of everything that differs, in the order of the stages."""

from typing import TYPE_CHECKING

from compare.port.result import Cause

if TYPE_CHECKING:
    from compare.port.comparison import Observed


def causes_of(observed: "Observed") -> tuple[Cause, ...]:
    """The mistakes that reproduce what came, each named once."""
    found = [each.cause for each in observed.setup if each.cause is not None]
    return tuple({cause.slug: cause for cause in found}.values())
