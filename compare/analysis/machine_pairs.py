"""Two runs side by side, one kind of machine after the other."""

from dataclasses import dataclass, replace

from compare.analysis.machines import Group, groups, labels
from compare.records.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class MachinePair:
    """What two runs have of a kind of machine with as many threads: of several versions the last.

    `has_several` says whether there are several. What a run has not is there without runs.
    """

    title: str
    before: Results
    after: Results
    has_several: bool


def machine_pairs(before: Results, after: Results) -> list[MachinePair]:
    """Every kind of machine of both runs, those of the first first."""
    first, second = (_by_place(groups(each)) for each in (before, after))
    latest = {place: found[-1] for place, found in {**first, **second}.items()}
    return [
        MachinePair(
            title=title,
            before=_last(first.get(place), group),
            after=_last(second.get(place), group),
            has_several=max(len(first.get(place, ())), len(second.get(place, ()))) > 1,
        )
        for (place, group), title in zip(latest.items(), labels([*latest.values()]), strict=True)
    ]


def _by_place(found: tuple[Group, ...]) -> dict[tuple[str, int], list[Group]]:
    places: dict[tuple[str, int], list[Group]] = {}
    for group in found:
        places.setdefault((group.conditions.machine, group.conditions.threads), []).append(group)
    return places


def _last(found: list[Group] | None, other: Group) -> Results:
    return found[-1].results if found else replace(other.results, runs=[], proofs=[])
