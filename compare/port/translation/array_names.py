"""Arrays of one shape on both sides: which is whose counterpart, as far as their names say."""

import re
from collections.abc import Sequence

from compare.errors import UsageError
from compare.port.records.interface import Layer
from compare.port.translation.gates import sounds_recurrent


def in_order_of_names(ones: Sequence[Layer], others: Sequence[Layer]) -> list[Layer]:
    """The others in the order of those that they belong to.

    By names that both sides have; else, of two, by which sounds as if it multiplied the state; else in their
    own order, where numbers alone tell those of a side apart. Other layers than arrays stay in their order.

    Raises: UsageError where the names do not say it, with the table to copy.
    """
    if len(ones) < 2 or ones[0].kind != "array":
        return list(others)
    for said in (_whole, _last_word, _role):
        names = [[said(each.name) for each in side] for side in (ones, others)]
        if len(set(names[0])) == len(ones) and sorted(names[0]) == sorted(names[1]):
            return [others[names[1].index(name)] for name in names[0]]
    without_numbers = [{re.sub(r"\d+", "", each.name) for each in side} for side in (ones, others)]
    if all(len(each) == 1 for each in without_numbers):
        return list(others)
    table = [f"    {one.name}  {other.name}" for one, other in zip(ones, others, strict=True)]
    shape = tuple(ones[0].parts["array"])
    raise UsageError(
        f"which arrays {shape} of A are whose counterparts in B their names do not say: "
        "name the pairs in a file, --map FILE, as these are if they come in one order\n" + "\n".join(table)
    )


def _whole(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


def _last_word(name: str) -> str:
    return _whole(re.split("[./]", name)[-1])


def _role(name: str) -> str:
    return "recurrent" if sounds_recurrent(name) else "other"
