"""Sequences with numbered classes, in memory or in the files that any process reads."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from adapters.interface import Array
from compare.jobs.arrays import mapped
from compare.jobs.prepared import ClassesManifest
from tasks.interface import Dataset

PARTS = ("training", "held_out")


class Numbered(NamedTuple):
    """Sequences whose labels are places among the classes.

    Shapes: inputs (N, T, D); targets (N,) or (N, T); lengths (N,).
    """

    inputs: Array
    targets: Array
    lengths: Array | None

    def some(self, places: Array) -> "Numbered":
        """Those of these places."""
        return Numbered(
            self.inputs[places], self.targets[places], None if self.lengths is None else self.lengths[places]
        )

    def valid(self) -> Array:
        """Which steps there are.

        Shapes: (N, T).
        """
        steps = np.arange(self.inputs.shape[1])
        return (
            np.ones(self.inputs.shape[:2], bool)
            if self.lengths is None
            else steps < self.lengths[:, np.newaxis]
        )

    def valid_targets(self) -> Array:
        """One after the other.

        Shapes: (N,) or, of targets for each step, as many as there are steps.
        """
        return self.targets if self.targets.ndim == 1 else self.targets[self.valid()]


def classes_dataset(folder: Path, manifest: ClassesManifest) -> Dataset:
    """The sequences that are trained on and those that are held out, from their files."""
    arrays = {path.stem: mapped(path) for path in folder.glob("*.npy")}
    training, held_out = (
        Numbered(arrays[f"{name}_inputs"], arrays[f"{name}_targets"], arrays.get(f"{name}_lengths"))
        for name in PARTS
    )
    return Dataset(
        name=manifest.dataset,
        inputs=training.inputs,
        targets=training.targets,
        lengths=training.lengths,
        held_out_inputs=held_out.inputs,
        held_out_targets=held_out.targets,
        held_out_lengths=held_out.lengths,
    )
