"""The tutorials' programs as recipes that any adapter can run, with the settings that the texts give."""

import math
from typing import ClassVar

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

from adapters.interface import Array
from tasks.interface import Dataset, Evaluation, Forecast, Predict
from tasks.recipes import Model, Printed, Recipe, RecipeOutcome
from tasks.sine import SineOnline, SineWindow
from tasks.sine_data import root_mean_square
from tasks.tutorial_tasks import RowsAsPublished, WindowAsPublished

FIRST_IMAGES = 128


class OnlineSine(Recipe):
    """Tutorials 000 and 001: every tenth epoch's summed loss, then a plot of the points."""

    name = "online-sine"
    program = "online sine"
    label = "the tutorial's loop"
    source = "tutorials 000 and 001"
    start = "kernels N(0, 0.4), readout N(0, 0.3)"
    step = "epoch"
    length = "300 epochs"
    task = SineOnline()

    def run(self, model: Model, dataset: Dataset, seed: int) -> RecipeOutcome:
        epochs = self.task.epoch_count
        order = np.concatenate([self.task.batches(1, seed, epoch) for epoch in range(epochs)])
        summed = model.train(order).reshape(epochs, -1).sum(axis=1, dtype=np.float64)
        evaluation = self.task.evaluate(model.predict, dataset)
        return RecipeOutcome(
            printed=[Printed(at=epoch, values={"loss": float(summed[epoch])}) for epoch in range(0, 300, 10)],
            metrics={"loss": float(summed[-1]), **evaluation.metrics},
            forecast=plot(evaluation),
        )


class WindowRecipe(Recipe):
    """Tutorial 002: both losses before every epoch, then the RMSE on the validation windows."""

    program = "from-scratch sine"
    step = "epoch"
    length = "25 epochs"
    task: ClassVar[SineWindow]

    def run(self, model: Model, dataset: Dataset, seed: int) -> RecipeOutcome:
        printed = []
        for epoch in range(self.task.epoch_count):
            losses = {
                "loss": summed_loss(model.predict(dataset.inputs), dataset.targets),
                "validation_loss": summed_loss(
                    model.predict(dataset.held_out_inputs), dataset.held_out_targets
                ),
            }
            printed.append(Printed(at=epoch + 1, values=losses))
            model.train(self.task.batches(len(dataset.inputs), seed, epoch))
        evaluation = self.task.evaluate(model.predict, dataset)
        return RecipeOutcome(
            printed=printed,
            metrics={**printed[-1].values, **evaluation.metrics},
            forecast=plot(evaluation),
        )

    def zero(self, dataset: Dataset) -> dict[str, float]:
        return {
            "loss": summed_loss(np.zeros_like(dataset.targets), dataset.targets),
            "validation_loss": summed_loss(np.zeros_like(dataset.held_out_targets), dataset.held_out_targets),
            "rmse": root_mean_square(dataset.held_out_targets),
        }


class CorrectGradient(WindowRecipe):
    name = "correct-gradient"
    label = "correct gradient, published settings"
    source = "tutorial 002, its gradient corrected"
    start = "all kernels U(0, 1), the published rule's own draws"
    task = WindowAsPublished()


class CorrectedSettings(WindowRecipe):
    name = "corrected-settings"
    label = "correct gradient, corrected settings (sine-window)"
    source = "tutorial 002, its gradient, rate and start corrected"
    start = "all kernels U(−0.1, 0.1)"
    task = SineWindow()


class RowWiseMnist(Recipe):
    """Tutorial 003: loss and accuracy of every tenth minibatch after its update, then test accuracies."""

    name = "row-wise-mnist"
    program = "row-wise MNIST"
    label = "the tutorial's loop"
    source = "tutorial 003, after aymericdamien/TensorFlow-Examples"
    start = "LSTM kernel Glorot uniform, readout N(0, 1), forget bias 1"
    step = "step"
    length = "781 steps (the last before 100,000 images)"
    task = RowsAsPublished()
    steps: ClassVar[int] = 781
    display: ClassVar[int] = 10

    def run(self, model: Model, dataset: Dataset, seed: int) -> RecipeOutcome:
        batches = self.batches(len(dataset.inputs), seed)
        printed = []
        for first in range(0, self.steps, self.display):
            shown = batches[first : first + self.display]
            model.train(shown)
            if len(shown) == self.display:
                values = loss_and_accuracy(
                    model.predict, dataset.inputs[shown[-1]], dataset.targets[shown[-1]]
                )
                printed.append(Printed(at=first + self.display, values=values))
        first_images = slice(FIRST_IMAGES)
        accuracy = loss_and_accuracy(
            model.predict, dataset.held_out_inputs[first_images], dataset.held_out_targets[first_images]
        )
        return RecipeOutcome(
            printed=printed,
            metrics={
                "first_accuracy": accuracy["accuracy"],
                **self.task.evaluate(model.predict, dataset).metrics,
            },
        )

    def batches(self, images: int, seed: int) -> Array:
        """Shuffles of all images, one after the other, cut into batches without regard to where one ends.

        Shapes: (steps, B).
        """
        generator = Generator(PCG64(SeedSequence(seed, spawn_key=(0,))))
        wanted = self.steps * self.task.batch_size
        shuffles = [generator.permutation(images) for _ in range(math.ceil(wanted / images))]
        return np.concatenate(shuffles)[:wanted].reshape(self.steps, -1)


def plot(evaluation: Evaluation) -> Forecast | None:
    """The points that a sine's evaluation has a figure of."""
    return evaluation.picture if isinstance(evaluation.picture, Forecast) else None


def summed_loss(predicted: Array, targets: Array) -> float:
    """½(ŷ−y)², summed over the windows."""
    return float(np.square(predicted - targets, dtype=np.float64).sum() / 2)


def loss_and_accuracy(predict: Predict, images: Array, labels: Array) -> dict[str, float]:
    """The mean cross-entropy and the accuracy on some images.

    Units: loss in nats, accuracy in %.
    """
    logits = predict(images).astype(np.float64)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_likelihood = shifted[np.arange(len(labels)), labels] - np.log(np.exp(shifted).sum(axis=1))
    return {
        "loss": float(-log_likelihood.mean()),
        "accuracy": float(100 * np.mean(logits.argmax(axis=1) == labels)),
    }


RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (OnlineSine(), CorrectGradient(), CorrectedSettings(), RowWiseMnist())
}
