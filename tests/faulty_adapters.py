"""Adapters with one fault each, NumPy's otherwise: whatever they do must cost their own rows alone."""

import ctypes
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from adapters.interface import Adam, Adapter, Alone, Declaration, KernelRun
from adapters.numpy_backend.adapter import NumpyAdapter

# that cannot begin


class WithoutItsFramework(NumpyAdapter):
    declaration = Declaration(distribution="torch-of-another-world")


class Unfinished(Adapter):
    """Only begun."""

    def __init__(self, model, train, parameters, *, device="cpu"):
        pass


# that raise


class Raises(NumpyAdapter):
    def _train(self, batches):
        raise RuntimeError("the gradient went for a walk\nand did not come back")


class RaisesAsKerasDoes(NumpyAdapter):
    def _train(self, batches):
        raise ValueError(
            'in user code:\n\n    File "model.py", line 7, in call\n\n    ValueError: 3 is not 4\n'
        )


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

    latest = (0, 0)

    def _train(self, batches):
        self.latest = (*self.latest[-2:], len(batches))
        if len(set(self.latest)) == 1:
            raise RuntimeError("enough is enough")
        return super()._train(batches)


class RaisesInAnotherProcess(NumpyAdapter):
    """Than its first, which makes a file."""

    def __init__(self, model, train, parameters, *, device="cpu"):
        super().__init__(model, train, parameters, device=device)
        own = f"process {os.getpid()}"
        with open(os.environ["FAULT_BEGUN"], "a+") as file:
            file.seek(0)
            first = file.readline().strip() or own
            file.write(f"{own}\n")
        if first != own:
            print("not again")
            raise RuntimeError("once is enough")


class PrintsGarbage(NumpyAdapter):
    def _train(self, batches):
        os.write(1, bytes(range(256)) + b"\x1b[2J|<script>`](\n")
        raise RuntimeError("after the garbage")


# that die


class ExitsWhileLoading(NumpyAdapter):
    def _load(self, inputs, targets, lengths):
        print("so long", flush=True)
        os._exit(3)


class Exits(NumpyAdapter):
    def _train(self, batches):
        print("so long", flush=True)
        os._exit(3)


class Aborts(NumpyAdapter):
    def _train(self, batches):
        os.abort()


class Segfaults(NumpyAdapter):
    def _train(self, batches):
        ctypes.string_at(0)


class IsKilled(NumpyAdapter):
    def _train(self, batches):
        os.kill(os.getpid(), signal.SIGKILL)


# that take too much, or what is not theirs


class Hangs(NumpyAdapter):
    """In native code: not even Python's own threads and signal handlers run while this lasts."""

    def _train(self, batches):
        ctypes.PyDLL(None).sleep(3600)


class HangsWithChildren(Hangs):
    def _train(self, batches):
        leave_children()
        open(os.environ["FAULT_BEGUN"], "w").close()
        super()._train(batches)


class HangsInTime(Hangs):
    """In its first training after a file holds some bytes; where no file is named, it does not."""

    def _train(self, batches):
        if "FAULT_AFTER" not in os.environ or not holds(os.environ["FAULT_AFTER"], os.environ["FAULT_BYTES"]):
            return NumpyAdapter._train(self, batches)
        open(os.environ["FAULT_BEGUN"], "w").close()
        return super()._train(batches)


def holds(path, text):
    return os.path.exists(path) and text in Path(path).read_bytes().decode(errors="replace")


class LeavesChildren(NumpyAdapter):
    def _train(self, batches):
        if not hasattr(self, "left"):
            leave_children()
        self.left = True
        return super()._train(batches)


def leave_children():
    """One that stays in the session, one that leaves it and loses its parent, as daemons do."""
    subprocess.Popen(["sleep", "3600"])
    subprocess.run(["sh", "-c", "setsid sleep 3600 &"], check=True)


class HogsMemory(NumpyAdapter):
    def _train(self, batches):
        hoard = []
        while len(hoard) < 40:
            hoard.append(np.ones(2**22))
            time.sleep(0.02)
        time.sleep(60)


class FloodsItsOutput(NumpyAdapter):
    def _train(self, batches):
        if not hasattr(self, "flooded"):
            for _ in range(50):
                print("x" * 100_000)
        self.flooded = True
        return super()._train(batches)


class Meddles(NumpyAdapter):
    def _train(self, batches):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
        os.chdir("/")
        return super()._train(batches)


class LeavesFiles(NumpyAdapter):
    """Writes temporary files, and is gone."""

    def _train(self, batches):
        tempfile.mkdtemp()
        tempfile.mkstemp()
        os._exit(3)


class MovesTheFolder(NumpyAdapter):
    def _train(self, batches):
        folder = os.environ["FAULT_FOLDER"]
        if os.path.exists(folder):
            os.rename(folder, f"{folder}.moved")
        return super()._train(batches)


# that answer what they should not


class Diverges(NumpyAdapter):
    """Its loss is not a number from update 131 on."""

    updates = 0

    def _train(self, batches):
        losses = super()._train(batches)
        steps = self.updates + np.arange(len(losses))
        self.updates += len(losses)
        return np.where(steps < 130, losses, losses.dtype.type("nan"))


class InfiniteParameter(NumpyAdapter):
    def parameters(self):
        found = super().parameters()
        return {**found, "input_kernel": found["input_kernel"] * np.inf}


class MissingParameter(NumpyAdapter):
    def parameters(self):
        return {"input_kernel": super().parameters()["input_kernel"]}


class PredictsInfinity(NumpyAdapter):
    def _predict(self, inputs, lengths):
        return super()._predict(inputs, lengths) * np.float32("inf")


class NeverLearns(NumpyAdapter):
    def __init__(self, model, train, parameters, *, device="cpu"):
        super().__init__(model, train, parameters, device=device)
        self.initial = super().parameters()

    def parameters(self):
        return {name: value.copy() for name, value in self.initial.items()}


class WrongShape(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches)[:, np.newaxis]


class TooFewLosses(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches)[1:]


class WrongDtype(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches).astype(np.float64)


class NoArray(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches).tolist()


class ArrayOfObjects(NumpyAdapter):
    def _train(self, batches):
        return super()._train(batches).astype(object)


class MaskedLosses(NumpyAdapter):
    def _train(self, batches):
        return np.ma.masked_array(super()._train(batches), mask=False)


class RaisesUnspeakably(NumpyAdapter):
    def _train(self, batches):
        raise UnspeakableError


class UnspeakableError(Exception):
    def __str__(self):
        raise RuntimeError("there are no words for it")


class Interrupts(NumpyAdapter):
    def _train(self, batches):
        raise KeyboardInterrupt("not by hand")


class NotPlain(NumpyAdapter):
    def _train(self, batches):
        return Answer()


class Answer:
    """Neither a number, a text, an array nor a collection of them."""


class Generates(NumpyAdapter):
    def _train(self, batches):
        return (loss for loss in super()._train(batches))


class ForgesAnswer(NumpyAdapter):
    """Writes to its parent what has a command run in whoever unpickles it."""

    def _train(self, batches):
        Connection(int(sys.argv[2])).send_bytes(pickle.dumps(Command()))
        time.sleep(3600)


class Command:
    def __reduce__(self):
        return os.system, (f"touch {os.environ['FAULT_FORGED']}",)


class TellsNoState(NumpyAdapter):
    def state(self):
        return None


class TellsNumbers(NumpyAdapter):
    def state(self):
        return {"step": 1}


# that meddle with the clock of their worker


class MeddlesWithTheClock(NumpyAdapter):
    """From its construction on each look at the clock finds it so many seconds further."""

    seconds: float

    def __init__(self, model, train, parameters, *, device="cpu"):
        super().__init__(model, train, parameters, device=device)
        looks = count()
        time.perf_counter = lambda: next(looks) * self.seconds


class StopsTheClock(MeddlesWithTheClock):
    seconds = 0.0


class TurnsTheClockBack(MeddlesWithTheClock):
    seconds = -1.0


class BreaksTheClock(MeddlesWithTheClock):
    seconds = float("nan")


class HurriesTheClock(MeddlesWithTheClock):
    seconds = 1e6


# that compute almost what they should


class FasterByAMillionth(NumpyAdapter):
    """Its steps are longer by one part in a million."""

    def __init__(self, model, train, parameters, *, device="cpu"):
        rate = train.optimizer.learning_rate * (1 + 1e-6)
        super().__init__(model, with_optimizer(train, learning_rate=rate), parameters, device=device)


class EpsilonOfItsOwn(NumpyAdapter):
    """Adam's is 1e-8, as in `torch.optim`."""

    def __init__(self, model, train, parameters, *, device="cpu"):
        if isinstance(train.optimizer, Adam):
            train = with_optimizer(train, epsilon=1e-8)
        super().__init__(model, train, parameters, device=device)


class PredictsZeros(NumpyAdapter):
    """Trains as it should."""

    def _predict(self, inputs, lengths):
        return np.zeros_like(super()._predict(inputs, lengths))


class OnlyAdam(NumpyAdapter):
    """Right, and without the plain steps along the gradient by which gradients are seen."""

    declaration = Declaration(distribution="numpy", optimizers=("adam",))


class RoundsFloat32(NumpyAdapter):
    """Right in float64; in float32 its losses are a hundredth too high from the eleventh update on."""

    def _train(self, batches):
        losses = super()._train(batches)
        if losses.dtype == np.float32:
            losses[10:] += np.float32(0.01)
        return losses


def with_optimizer(train, **changes):
    return replace(train, optimizer=replace(train.optimizer, **changes))


# whose profile cannot be had, or not all of it


class TellsNoKernels(NumpyAdapter):
    declaration = Declaration(distribution="numpy", kernels={"elman": "a fused cell"})

    def kernels(self, batches):
        raise RuntimeError("the tool that counts them is not here")


class TellsWrongKernels(NumpyAdapter):
    def kernels(self, batches):
        return 42


class CountsBelowZero(NumpyAdapter):
    def kernels(self, batches):
        return (KernelRun("a product", -1),)


class CountsNone(NumpyAdapter):
    """What it declares did not run."""

    declaration = Declaration(distribution="numpy", kernels={"elman": "a fused cell"})

    def kernels(self, batches):
        self.train(batches)
        return (KernelRun("a fused cell", 0), KernelRun("a \x1b[31mloop\n", 40))


class TimesNoParts(NumpyAdapter):
    @classmethod
    def alone(cls, work):
        return None


class TimesSomethingElse(NumpyAdapter):
    @classmethod
    def alone(cls, work):
        return 42


class DoesItOnce(NumpyAdapter):
    """However often it is told to."""

    @classmethod
    def alone(cls, work):
        return Alone(lambda times: time.sleep(0.0004), "a kernel")


class ReturnsAtOnce(NumpyAdapter):
    """As does what only hands work to a device."""

    @classmethod
    def alone(cls, work):
        return Alone(lambda times: None, "a kernel")
