"""What a recipe for accuracy is: `mnist-rows`, trained for longer, with other settings, on changed images."""

from dataclasses import asdict, dataclass

from adapters.interface import AdamW, Array, Cosine, TrainSpec
from compare.accuracy.augmentation import Augmentation
from compare.records.accuracy import RecipeSettings
from tasks.mnist import MnistRows

TASK = MnistRows()
"""Its model, start, batch size and order of the images are those of every recipe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecipe:
    """AdamW whose rate grows to `peak` over some epochs, then falls to 0 as half a cosine does.

    Raises: ValueError where the warm-up is not shorter than the training.
    """

    epochs: int
    peak: float
    weight_decay: float
    warm_up_epochs: int = 1
    clip_norm: float = 1.0
    augmentation: Augmentation | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.warm_up_epochs < self.epochs:
            raise ValueError(
                f"warm_up_epochs is {self.warm_up_epochs}: it must lie below epochs, {self.epochs}"
            )

    def train(self, batches: int) -> TrainSpec:
        """The spec for epochs of so many batches."""
        rate = Cosine(peak=self.peak, updates=self.epochs * batches, warm_up=self.warm_up_epochs * batches)
        optimizer = AdamW(learning_rate=rate, weight_decay=self.weight_decay)
        return TrainSpec(optimizer=optimizer, clip_norm=self.clip_norm)

    def images(self, originals: Array, seed: int, epoch: int) -> Array:
        """What one epoch is trained on."""
        return self.augmentation.apply(originals, seed, epoch) if self.augmentation else originals

    @property
    def settings(self) -> RecipeSettings:
        """All that the recipe sets, by name."""
        own = {name: value for name, value in asdict(self).items() if name != "augmentation"}
        return {**own, **(asdict(self.augmentation) if self.augmentation else {})}
