"""Images moved, turned, sheared and bent at random, as handwriting varies; anew for each epoch."""

from dataclasses import dataclass

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from scipy.ndimage import map_coordinates

from adapters.interface import Array

AT_ONCE = 1000
"""Images to a call: a few of them need little memory, many take no longer."""

NODES = 5
"""Random displacements stand on a grid of as many nodes a side, and are interpolated between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """How far images may change: all but `bend` are the ends of a uniform distribution around no change.

    Units: `turn` in degrees, `stretch` and `shear` as shares, `shift` in pixels; `bend` in pixels too, the
    standard deviation of the nodes' displacements.
    Source: affine and elastic distortions as in Simard, Steinkraus & Platt 2003, on a coarser grid.
    """

    turn: float
    stretch: float
    shear: float
    shift: float
    bend: float

    def apply(self, images: Array, seed: int, epoch: int) -> Array:
        """The images of one epoch: the same for the same seed and epoch, whoever trains on them.

        Shapes: (N, rows, columns), also what is returned.
        """
        generator = Generator(PCG64(SeedSequence(seed, spawn_key=(epoch, 1))))
        changed = np.empty_like(images)
        for start in range(0, len(images), AT_ONCE):
            some = images[start : start + AT_ONCE]
            changed[start : start + AT_ONCE] = self._change(some, generator)
        return changed

    def _change(self, images: Array, generator: Generator) -> Array:
        """Read each pixel's value where it is found, zero outside; the images stand one below the other."""
        count, *sides = images.shape
        framed = np.pad(images, ((0, 0), (1, 1), (1, 1)))
        places = [
            np.clip(found, -1, side) + 1
            for found, side in zip(self._read_from(count, sides, generator), sides, strict=True)
        ]
        places[0] += framed.shape[1] * np.arange(count)[:, np.newaxis, np.newaxis]
        changed: Array = map_coordinates(framed.reshape(-1, framed.shape[2]), places, order=1)
        return changed

    def _read_from(self, count: int, sides: list[int], generator: Generator) -> Array:
        """Where each pixel's value is to be found in the image as it was.

        Shapes: (2, N, rows, columns).
        """
        around = [np.arange(side) - (side - 1) / 2 for side in sides]
        grid = np.stack(np.meshgrid(*around, indexing="ij"))
        moved: Array = np.einsum("nij,jrc->inrc", self._matrices(count, generator), grid)
        moved += generator.uniform(-self.shift, self.shift, (2, count, 1, 1))
        nodes = generator.normal(0.0, self.bend, (2, count, NODES, NODES))
        across, down = (_between_nodes(side) for side in sides)
        moved += across @ nodes @ down.T
        moved += np.array([(side - 1) / 2 for side in sides])[:, np.newaxis, np.newaxis, np.newaxis]
        return moved

    def _matrices(self, count: int, generator: Generator) -> Array:
        """A turn, a shear and a stretch for each image.

        Shapes: (N, 2, 2).
        """
        angle = np.deg2rad(generator.uniform(-self.turn, self.turn, count))
        shear = generator.uniform(-self.shear, self.shear, count)
        stretch = np.exp(generator.uniform(-self.stretch, self.stretch, (count, 2)))
        turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        sheared = np.array([[np.ones(count), np.zeros(count)], [shear, np.ones(count)]])
        matrices: Array = np.einsum("ijn,jkn,nk->nik", turned, sheared, stretch)
        return matrices


def _between_nodes(side: int) -> Array:
    """What each node counts at each pixel of a side, by linear interpolation.

    Shapes: (side, NODES).
    """
    nodes = np.linspace(0, side - 1, NODES)
    return np.stack([np.interp(np.arange(side), nodes, own) for own in np.eye(NODES)], axis=1)
