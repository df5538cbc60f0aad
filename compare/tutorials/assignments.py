"""Which of the tutorials' recipes run on which adapters, and from how many seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from compare.records.tutorial import TutorialRun
from tasks.interface import Preset
from tasks.tutorials import RECIPES

RULE = "published-rule"
IMAGES = "row-wise-mnist"
SEEDS = 10
SEEDS_WHEN_QUICK = 2


@dataclass(frozen=True, slots=True)
class Effort:
    """From how many seeds the first adapter runs, and from how many the others."""

    first: int
    others: int


SINES: dict[Preset, Effort] = {
    "quick": Effort(SEEDS_WHEN_QUICK, 1),
    "standard": Effort(SEEDS, SEEDS),
    "full": Effort(SEEDS, SEEDS),
}
IMAGE_ROWS: dict[Preset, Effort] = {
    "quick": Effort(0, 0),
    "standard": Effort(3, 3),
    "full": Effort(SEEDS, SEEDS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One recipe for one adapter, from some seeds: plain data, to be run anywhere.

    The published rule has no adapter: it is a recipe and what runs it in one.
    """

    recipe: str
    adapter: str
    seeds: tuple[int, ...]
    data_key: str


def assignments(
    adapters: Sequence[str], preset: Preset, seeds: int | None, keys: Mapping[str, str]
) -> list[Assignment]:
    """What a preset runs, the longest first; `seeds` overrules it, `keys` has each recipe's data key.

    The sines run from ten seeds; in the quick preset from two on the first adapter and from one on others,
    enough to see that they do the same; the images, which take longest, are left out there.
    """

    def chosen(recipe: str, adapter: str) -> tuple[int, ...]:
        effort = (IMAGE_ROWS if recipe == IMAGES else SINES)[preset]
        return tuple(range(seeds or (effort.first if adapter == adapters[0] else effort.others)))

    by_recipe = [
        Assignment(
            recipe=recipe,
            adapter=adapter,
            seeds=chosen(recipe, adapter),
            data_key=keys[recipe],
        )
        for recipe in reversed(RECIPES)
        for adapter in reversed(adapters)
        if chosen(recipe, adapter)
    ]
    rule = [
        Assignment(recipe=RULE, adapter=RULE, seeds=(seed,), data_key="computed")
        for seed in range(seeds or SINES[preset].first)
    ]
    return by_recipe + rule


def unfinished(jobs: Sequence[Assignment], known: Sequence[TutorialRun]) -> list[Assignment]:
    """The assignments with the seeds that are left of them: none after one that failed."""
    left = []
    for job in jobs:
        own = [run for run in known if run.recipe == job.recipe and run.adapter == job.adapter]
        done = {run.seed for run in own}
        seeds = tuple(seed for seed in job.seeds if seed not in done)
        if seeds and all(run.status == "ok" for run in own):
            left.append(replace(job, seeds=seeds))
    return left
