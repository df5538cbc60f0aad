"""A reference for accuracy: every adapter from the first seeds, the fastest of them from all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compare.accuracy.recipes import TrainingRecipe
from compare.accuracy.training import Start, train_in_turns
from compare.accuracy.trials import TRIALS, chosen
from compare.analysis.accuracy import fastest
from compare.records.accuracy import Accuracy, AccuracyRun, RecipeFollowed, RecipeName, TrialRecord
from compare.records.block import Observer
from compare.runner.worker_process import Limits
from tasks.interface import Dataset

SEEDS = 10
SHARED_SEEDS = 3
"""From as many of them every adapter begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be trained: recipes by name, from the seeds 0 to `seeds` − 1; the rest is as in `Start`."""

    recipes: Mapping[RecipeName, TrainingRecipe]
    adapters: tuple[str, ...]
    seeds: int
    limits: Limits
    device: str
    part: int

    def turns_left(self, known: Accuracy) -> int:
        """How many epochs are yet to be trained, those of all adapters together, if none fails."""
        shared = min(self.seeds, SHARED_SEEDS)
        starts = shared * len(self.adapters) + (self.seeds - shared)
        done = sum(len(run.epoch_seconds) for run in known.runs)
        return max(0, starts * sum(recipe.epochs for recipe in self.recipes.values()) - done)


def chosen_recipes(names: Sequence[RecipeName], epochs: int | None) -> dict[RecipeName, TrainingRecipe]:
    """The recipes of these names, trained for other than their own epochs where they are given."""
    recipes = {name: chosen(name) for name in names}
    return {name: replace(recipe, epochs=epochs or recipe.epochs) for name, recipe in recipes.items()}


def nothing_yet(recipes: Mapping[RecipeName, TrainingRecipe], dataset: Dataset) -> Accuracy:
    """What is known before anything is trained: the recipes, and the trials that they were chosen from."""
    return Accuracy(
        dataset=dataset.name,
        stands_in_for=dataset.stands_in_for,
        sequences=len(dataset.inputs),
        held_out_sequences=len(dataset.held_out_inputs),
        recipes=[RecipeFollowed(name=name, settings=recipe.settings) for name, recipe in recipes.items()],
        trials=[
            TrialRecord(recipe=name, number=number, settings=trial.recipe.settings, recorded=trial.accuracy)
            for name in recipes
            for number, trial in enumerate(TRIALS[name], 1)
        ],
    )


def record(plan: Plan, dataset: Dataset, observer: Observer, known: Accuracy) -> Iterator[Accuracy]:
    """Train what is not known yet; yields what there is after each seed."""
    found = known
    for name in plan.recipes:
        for seed in range(plan.seeds):
            for start in due(plan, name, [seed], found.runs):
                found = replace(found, runs=[*found.runs, *train_in_turns(start, dataset, observer)])
                yield found


def due(plan: Plan, name: RecipeName, seeds: Iterable[int], runs: Sequence[AccuracyRun]) -> list[Start]:
    """What has yet to begin of a recipe from these seeds, by what is known."""
    return [
        Start(
            name=name,
            recipe=plan.recipes[name],
            seed=seed,
            adapters=adapters,
            limits=plan.limits,
            device=plan.device,
            part=plan.part,
        )
        for seed in seeds
        if (adapters := _due(plan, name, seed, runs))
    ]


def _due(plan: Plan, name: RecipeName, seed: int, runs: Sequence[AccuracyRun]) -> tuple[str, ...]:
    """The adapters that have yet to begin from a seed: none that failed with this recipe before."""
    own = [run for run in runs if run.recipe == name]
    idle = {run.adapter for run in own if run.status != "ok" or run.seed == seed}
    first = fastest([run for run in own if run.seed < SHARED_SEEDS])
    wanted = plan.adapters if seed < SHARED_SEEDS else (first,) if first else ()
    return tuple(adapter for adapter in wanted if adapter not in idle)
