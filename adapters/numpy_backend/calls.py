"""Programs: calls with their operands, written down once and carried out at every update.

The cells, the losses and the network compute nothing themselves: they yield calls,
`partial(operation, *operands, result)`. On small cells, finding the operands again at every update
would take longer than computing with them.
"""

from collections.abc import Callable, Iterable, Iterator

Call = Callable[[], object]
Calls = Iterator[Call]


def carry_out(program: Iterable[Call]) -> None:
    """Make each call in turn."""
    for call in program:
        call()
