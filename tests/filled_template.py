"""What `python -m compare new` writes, its four gaps filled by the reference."""

from pathlib import Path

import numpy as np
import pytest

from adapters import open_adapter
from adapters.conformance.reference import Batch, Reference
from adapters.interface import Adapter, Span
from compare.cli.scaffold import scaffold


def filled_template(folder: Path, monkeypatch: pytest.MonkeyPatch) -> type[Adapter]:
    """The class in a file written into this folder, with nothing missing."""
    monkeypatch.chdir(folder)
    scaffold("toy", package=False)
    template = open_adapter(f"{folder}/toy_adapter.py:ToyAdapter")
    return type("Filled", (FilledGaps, template), {})


class FilledGaps(Adapter):
    """The four methods that the template leaves open."""

    def _reference(self, parameters):
        reference = Reference(self._model, self._train_spec, parameters)
        reference.means, reference.squares, reference.updates = self._means, self._squares, self._updates
        return reference

    def _step(self, parameters, x, state):
        return self._reference(parameters).step(parameters, x, state)

    def _loss(self, outputs, targets):
        raise AssertionError("the reference has a loss of its own")

    def _differentiate(self, inputs, targets, state):
        reference = self._reference(self._parameters)
        batch = Batch(inputs, targets, np.ones(inputs.shape[:2], bool))
        loss, gradients, (after,) = reference.differentiate(batch, Span(0, 0, inputs.shape[1]), (state,))
        return loss, gradients, after

    def _update(self, gradients):
        reference = self._reference(self._parameters)
        reference.update(reference.clip(gradients))
        self._updates = reference.updates
        self._parameters = {name: value.astype(self._dtype) for name, value in reference.values.items()}
