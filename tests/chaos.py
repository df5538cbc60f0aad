"""An adapter with a knob for each thing that may go wrong: the variable CHAOS names the fault."""

import ctypes
import os
import signal
import subprocess
import time

import numpy as np

from adapters.numpy_backend.adapter import NumpyAdapter


class Chaos(NumpyAdapter):
    """NumPy's adapter until it trains or answers; then what CHAOS says, and nothing without it."""

    def _train(self, batches):
        losses = super()._train(batches)
        return TRAIN.get(FAULT, unharmed)(losses)

    def parameters(self):
        return PARAMETERS.get(FAULT, unharmed)(super().parameters())

    def _update(self):
        if FAULT != "never learns":
            super()._update()


class NotPlain:
    """An answer whose class the conductor does not know."""


FAULT = os.environ.get("CHAOS", "")


def unharmed(answer):
    return answer


def raises(losses):
    raise RuntimeError("the gradient went for a walk\nand did not come back")


def raises_keras_style(losses):
    raise ValueError('in user code:\n\n    File "model.py", line 7, in call\n\n    ValueError: 3 is not 4\n')


def exits(losses):
    print("so long", flush=True)
    os._exit(3)


def segfaults(losses):
    ctypes.string_at(0)


def is_killed(losses):
    os.kill(os.getpid(), signal.SIGKILL)


def hogs_memory(losses):
    hoard = [np.ones(2**23) for _ in range(40)]
    time.sleep(60)
    return losses + hoard[0][0]


def hangs_in_native_code(losses):
    """Not even Python's own threads and signal handlers run while this lasts."""
    ctypes.PyDLL(None).sleep(3600)


def floods_its_output(losses):
    for _ in range(50):
        print("x" * 100_000)
    return losses


def prints_garbage(losses):
    os.write(1, bytes(range(256)) + b"\x1b[2J|<script>`](\n")
    raise RuntimeError("after the garbage")


def meddles(losses):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)
    os.chdir("/")
    return losses


def leaves_children(losses):
    """One that stays in the session, one that leaves it and loses its parent, as daemons do."""
    subprocess.Popen(["sleep", "3600"])
    subprocess.run(["sh", "-c", "setsid sleep 3600 &"], check=True)
    return losses


def hangs_with_children(losses):
    leaves_children(losses)
    open(os.environ["CHAOS_READY"], "w").close()
    hangs_in_native_code(losses)


def diverges(losses):
    Chaos.updates = getattr(Chaos, "updates", 0) + len(losses)
    steps = np.arange(Chaos.updates - len(losses), Chaos.updates)
    return np.where(steps < 130, losses, losses.dtype.type("nan"))


def moves_the_folder(losses):
    folder = os.environ["CHAOS_FOLDER"]
    if os.path.exists(folder):
        os.rename(folder, f"{folder}.moved")
    return losses


TRAIN = {
    "raises": raises,
    "raises like Keras": raises_keras_style,
    "exits": exits,
    "aborts": lambda losses: os.abort(),
    "segfaults": segfaults,
    "is killed": is_killed,
    "hogs memory": hogs_memory,
    "hangs": hangs_in_native_code,
    "hangs with children": hangs_with_children,
    "floods its output": floods_its_output,
    "prints garbage": prints_garbage,
    "meddles": meddles,
    "leaves children": leaves_children,
    "diverges": diverges,
    "wrong shape": lambda losses: losses[:, np.newaxis],
    "too few losses": lambda losses: losses[1:],
    "wrong dtype": lambda losses: losses.astype(np.float64),
    "no array": lambda losses: losses.tolist(),
    "not plain": lambda losses: NotPlain(),
    "not to be pickled": lambda losses: (loss for loss in losses),
    "moves the folder": moves_the_folder,
}
PARAMETERS = {
    "infinite parameter": lambda found: {**found, "input_kernel": found["input_kernel"] * np.inf},
    "missing parameter": lambda found: {"input_kernel": found["input_kernel"]},
}
