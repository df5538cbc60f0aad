"""Adapters that go wrong in one way each, for runs that must survive them; NumPy's otherwise."""

import os
import time

import numpy as np

from adapters.interface import Adapter, Declaration
from adapters.numpy_backend.adapter import NumpyAdapter


class Raises(NumpyAdapter):
    def _train(self, batches):
        raise RuntimeError("the gradient went for a walk\nand did not come back")


class Exits(NumpyAdapter):
    def _load(self, inputs, targets, lengths):
        print("so long")
        os._exit(3)


class Aborts(NumpyAdapter):
    def _train(self, batches):
        os.abort()


class Hangs(NumpyAdapter):
    def _train(self, batches):
        time.sleep(3600)


class Diverges(NumpyAdapter):
    """Its loss is not a number from the eleventh update on."""

    updates = 0

    def _train(self, batches):
        losses = super()._train(batches)
        steps = self.updates + np.arange(len(losses))
        self.updates += len(losses)
        return np.where(steps < 10, losses, np.float32("nan"))


class PredictsNothing(NumpyAdapter):
    def _predict(self, inputs, lengths):
        return super()._predict(inputs, lengths) * np.float32("inf")


class WrongShape(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches)[1:]


class WrongDtype(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches).astype(np.float64)


class WithoutItsFramework(NumpyAdapter):
    declaration = Declaration(distribution="torch-of-another-world")


class Unfinished(Adapter):
    """Only begun."""

    def __init__(self, model, train, parameters, *, device="cpu"):
        pass


class RaisesLater(NumpyAdapter):
    """In its second epoch; the first is trained in two calls."""

    calls = 0

    def _train(self, batches):
        self.calls += 1
        if self.calls > 2:
            raise RuntimeError("the gradient went for a walk\nand did not come back")
        return super()._train(batches)


class RaisesOnceWarm(NumpyAdapter):
    """In the first call that is as long as the one before it."""

    lengths = (0, 0)

    def _train(self, batches):
        self.lengths = (*self.lengths[-2:], len(batches))
        if len(set(self.lengths)) == 1:
            raise RuntimeError("enough is enough")
        return super()._train(batches)


class TellsNot(NumpyAdapter):
    def state(self):
        return None


class TellsNumbers(NumpyAdapter):
    def state(self):
        return {"step": int(super().state()["step"])}
