"""The choice of recipes, made again: every trial, judged by training images that it was not trained on."""

from collections.abc import Iterator
from dataclasses import replace

from compare.accuracy.training import Start, train_in_turns
from compare.accuracy.trials import TRIALS
from compare.records.accuracy import Accuracy, AccuracyRun
from compare.records.block import Observer
from compare.runner.worker_process import Limits
from tasks.interface import Dataset

SEED = 0


def training_part(dataset: Dataset) -> Dataset:
    """The training images alone: five sixths to train on, the others in the place of the held-out ones."""
    count = len(dataset.inputs) * 5 // 6
    return replace(
        dataset,
        inputs=dataset.inputs[:count],
        targets=dataset.targets[:count],
        held_out_inputs=dataset.inputs[count:],
        held_out_targets=dataset.targets[count:],
    )


def trial_turns(known: Accuracy) -> int:
    """How many epochs those trials have together that are yet to be tried again."""
    due = [trial for trial in known.trials if trial.run is None]
    return sum(TRIALS[trial.recipe][trial.number - 1].recipe.epochs for trial in due)


def try_again(
    adapter: str, limits: Limits, device: str, images: Dataset, observer: Observer, known: Accuracy
) -> Iterator[Accuracy]:
    """Train what has not been tried again yet; yields what there is after each trial.

    `images` are what `training_part` returns.
    """
    for place, start in trials_left(adapter, limits, device, known):
        (run,) = train_in_turns(start, images, observer)
        known = tried(known, place, run)
        yield known


def trials_left(adapter: str, limits: Limits, device: str, known: Accuracy) -> list[tuple[int, Start]]:
    """What has not been tried again yet, each with its place among the trials."""
    return [
        (
            place,
            Start(
                name=trial.recipe,
                recipe=TRIALS[trial.recipe][trial.number - 1].recipe,
                seed=SEED,
                adapters=(adapter,),
                limits=limits,
                device=device,
                trial=trial.number,
            ),
        )
        for place, trial in enumerate(known.trials)
        if trial.run is None
    ]


def tried(known: Accuracy, place: int, run: AccuracyRun) -> Accuracy:
    """With what the trial at this place came to."""
    trials = [*known.trials]
    trials[place] = replace(trials[place], run=run)
    return replace(known, trials=trials)
