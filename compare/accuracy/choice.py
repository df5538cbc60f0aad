"""The choice of recipes, made again: every trial, judged by training images that it was not trained on."""

from collections.abc import Iterator
from dataclasses import replace

from compare.accuracy.training import Start, train_in_turns
from compare.accuracy.trials import TRIALS
from compare.records.accuracy import Accuracy
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
    """How many epochs all trials have together."""
    return sum(TRIALS[trial.recipe][trial.number - 1].recipe.epochs for trial in known.trials)


def try_again(
    adapter: str, limits: Limits, device: str, images: Dataset, observer: Observer, known: Accuracy
) -> Iterator[Accuracy]:
    """Train what has not been tried again yet; yields what there is after each trial.

    `images` are what `training_part` returns.
    """
    trials = [*known.trials]
    for place, trial in enumerate(trials):
        if trial.run is None:
            start = Start(
                name=trial.recipe,
                recipe=TRIALS[trial.recipe][trial.number - 1].recipe,
                seed=SEED,
                adapters=(adapter,),
                limits=limits,
                device=device,
            )
            (run,) = train_in_turns(start, images, observer)
            trials[place] = replace(trial, run=run)
            yield replace(known, trials=[*trials])
