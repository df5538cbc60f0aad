"""A child process that holds one program: it does what it is told, and says what came.

Its arguments are FILE:FUNCTION DESCRIPTOR.
"""

import os
import sys
from collections.abc import Mapping
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from adapters.interface import Array, UnsupportedSpec
from compare.port.opening import UserFile, WrongProgram, seed_everything, set_default_dtype
from compare.port.records.interface import Batch, CannotBeCompared, Description, Expected, Program, Trace
from compare.runner.protocol import Failure
from compare.runner.worker import serve, summary_line

MOST_BATCHES = 1000
SEED = 0


class ProgramWorker:
    """The calls that can be made of a program's process; arguments and results are plain data."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._batches: list[Batch] = []
        self._seed = SEED

    def open(self, dtype: str) -> str:
        """Import the file and make the program; return its framework."""
        set_default_dtype(dtype)
        self._dtype = dtype
        self._file = UserFile(self._name)
        self._load()
        return self._program.framework

    def reseed(self, seed: int) -> None:
        """Draw other random numbers from the next reset on."""
        self._seed = seed

    def data(self, most: int) -> list[list[Array | None]] | None:
        """The batches of the file's `data()`, so many at most; None where it has none."""
        given = self._file.data()
        return None if given is None else [_batch(each) for each in islice(_batches(given), most)]

    def expected(self) -> Expected | None:
        return self._program.expected()

    def targets_wanted(self) -> str | None:
        return self._program.targets_wanted()

    def take(self, batches: list[list[Any]]) -> Description:
        """Train on these batches in turn from now on; return what the program is."""
        self._batches = [Batch(inputs=i, targets=t, lengths=n) for i, t, n in batches]
        self._meet()
        return self._program.describe()

    def parameters(self) -> dict[str, Array]:
        return self._program.parameters()

    def set_parameters(self, values: Mapping[str, Array]) -> None:
        self._program.set_parameters(values)

    def reset(self) -> None:
        """Begin anew, with the parameters as they are."""
        seed_everything(self._seed)
        if not self._program.reset():
            values = self._program.parameters()
            self._load()
            self._program.set_parameters(values)

    def vary(self, slug: str) -> bool:
        return self._program.vary(slug)

    def trace(self, inputs: Array, lengths: Array | None) -> Trace:
        return self._program.trace(inputs, lengths)

    def loss_of(self, outputs: Array, targets: Array) -> float:
        return self._program.loss_of(outputs, targets)

    def differentiate(self, batch: int) -> tuple[float, dict[str, Array]]:
        return self._program.differentiate(self._batches[batch % len(self._batches)])

    def train(self, first: int, updates: int) -> list[float]:
        """So many updates, counted from a first; the loss before each."""
        return [self._program.step(self._at(n)) for n in range(first, first + updates)]

    def observe(self, updates: int) -> list[list[Any]]:
        """As `train` from the beginning: by update parameters, gradient, and the rate where that is known."""
        seen: list[list[Any]] = []
        for n in range(updates):
            batch = self._at(n)
            values, rate = self._program.parameters(), self._program.rate()
            _, gradient = self._program.differentiate(batch)
            self._program.step(batch)
            seen.append([values, gradient, rate])
        return [*seen, [self._program.parameters(), {}, None]]

    def _at(self, update: int) -> Batch:
        return self._batches[update % len(self._batches)]

    def _load(self) -> None:
        seed_everything(self._seed)
        self._file.load()
        seed_everything(self._seed)
        self._program: Program = self._file.program()
        self._program.prepare(self._dtype)

    def _meet(self) -> None:
        self._program.meet(self._batches[0].inputs, self._batches[0].lengths)


def _batches(given: Any) -> Any:
    """One batch, or batches in turn."""
    if (
        isinstance(given, tuple | list)
        and len(given) in (2, 3)
        and all(_is_array(each) for each in given[:2])
    ):
        return [given]
    try:
        return iter(given)
    except TypeError as error:
        raise WrongProgram(
            f"data() returned a {type(given).__name__}: return (inputs, targets), or several such pairs"
        ) from error


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") or (
        isinstance(value, list) and bool(value) and not isinstance(value[0], tuple | list)
    )


def _batch(given: Any) -> list[Array | None]:
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise WrongProgram(
            "a batch of data() is no pair: return (inputs, targets), or (inputs, targets, lengths)"
        )
    arrays = [None if each is None else np.asarray(each) for each in given]
    if any(each is not None and each.dtype.kind not in "biuf" for each in arrays):
        raise WrongProgram("a batch of data() holds no numbers: return arrays of numbers")
    return [*arrays, None][:3]


def _failure(method: str, error: BaseException) -> Failure:
    known = isinstance(error, WrongProgram | CannotBeCompared | UnsupportedSpec)
    reason = str(error) if known else f"{type(error).__name__}: {summary_line(error)}"
    return Failure(reason=" ".join(reason.split()), status="unsupported" if known else "failed")


def main() -> None:
    """Serve the program named by the first argument over the descriptor that is the second."""
    name, descriptor = sys.argv[1], int(sys.argv[2])
    os.set_inheritable(descriptor, False)
    sys.path.insert(0, os.getcwd())
    serve(ProgramWorker(name), Connection(descriptor), _failure)
