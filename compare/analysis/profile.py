"""From profiles to stacks: what an update is made of, what it is bound by, and its limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from compare.analysis.statistics import Spread, median, spread
from compare.records.profile import Profile

CLOSE = 0.03
"""By which share parts may miss the whole, and the whole the same in training turns."""

Bound = Literal["products", "calls", "memory", "none of these"]

PARTS: Mapping[str, str] = {
    "products": "matrix products",
    "functions": "element-wise functions",
    "optimizer": "optimizer",
    "indexing": "indexing and copies",
    "calls": "fixed cost of calls",
}
"""By the field of a `Profile`: what it is called."""

REST = "the rest"

BOUND_BY: Mapping[Bound, tuple[str, ...]] = {
    "products": ("products",),
    "calls": ("calls",),
    "memory": ("functions", "optimizer", "indexing"),
}
"""The parts that are taken together: those of memory read and write more than they compute."""

RULE = (
    "Bound by what takes most: products, calls, or memory, which is element-wise functions, optimizer, "
    "indexing and copies together; by none of these where the rest takes more than any."
)


UNDIVIDED = "Not taken apart, since they do not do every part alone"
"""What is said of adapters whose stacks have no parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """An update of one adapter on one task, and its parts, which add up to it with the rest.

    The rest is below 0 where parts alone take longer than in the update. On a GPU they do so where launches
    take longer than what is launched: what the update is bound by is then not known. `rate_seconds` is what
    products would take at the machine's matrix rate, `product_seconds` what they take in `product_library`,
    the best of those where they take more than their calls.

    Units: seconds of an update, the median over rounds; `departure` of the training turns' from it, a share.
    """

    task: str
    adapter: str
    whole: Spread
    parts: Mapping[str, Spread]
    rest: float
    bound: Bound | None
    rate_seconds: float | None
    product_seconds: float | None
    product_library: str
    departure: float | None

    @property
    def shares(self) -> dict[str, float]:
        """Of each part, and of the rest."""
        parts = {part: value.median / self.whole.median for part, value in self.parts.items()}
        return {**parts, "rest": self.rest / self.whole.median} if parts else {}

    @property
    def overlaps(self) -> bool:
        """Whether the parts by themselves take longer than all of the update."""
        return overlap(self.rest, self.whole.median)

    @property
    def holds(self) -> bool | None:
        """Whether an update takes as long here as in training turns; None where there were none."""
        return None if self.departure is None else abs(self.departure) <= CLOSE


def overlap(rest: float, whole: float) -> bool:
    """Whether parts by themselves take longer than the whole, by what is left of it."""
    return rest < -CLOSE * whole


def stacks(profiles: Sequence[Profile]) -> list[Stack]:
    """One for each profile that has times; limits are those of all that were profiled on the same device."""
    return [
        _stack(each, [other for other in profiles if other.device == each.device])
        for each in profiles
        if each.whole
    ]


def _stack(profile: Profile, profiles: Sequence[Profile]) -> Stack:
    whole = spread(profile.whole)
    assert whole is not None
    parts = {part: value for part in PARTS if (value := spread(getattr(profile, part))) is not None}
    parts = parts if len(parts) == len(PARTS) else {}
    products = {
        other.adapter: middle
        for other in profiles
        if other.task == profile.task and (middle := median(other.products)) is not None and middle > 0
    }
    library = min(products, key=lambda adapter: products[adapter], default="")
    rates = [each.product_rate.operations_per_second for each in profiles if each.product_rate]
    training = median(profile.training)
    rest = whole.median - sum(part.median for part in parts.values())
    adds_up = bool(parts) and (profile.device == "cpu" or not overlap(rest, whole.median))
    return Stack(
        task=profile.task,
        adapter=profile.adapter,
        whole=whole,
        parts=parts,
        rest=rest,
        bound=bound({part: value.median for part, value in parts.items()}, rest) if adds_up else None,
        rate_seconds=profile.operations / max(rates) if rates and profile.operations else None,
        product_seconds=products.get(library),
        product_library=library,
        departure=None if training is None else whole.median / training - 1,
    )


def operators(profile: Profile) -> float | None:
    """How many operators an update calls, by its framework's own count; None where that is also of a GPU."""
    if profile.device != "cpu":
        return None
    return sum(each.times for each in profile.kernels if each.counted_by_framework) or None


def bound(seconds: Mapping[str, float], rest: float) -> Bound:
    """Whichever takes most: products, calls, or memory; none of these where the rest takes more."""
    taken = {name: sum(seconds[part] for part in parts) for name, parts in BOUND_BY.items()}
    most = max(taken, key=lambda name: taken[name])
    return "none of these" if rest > taken[most] else most
