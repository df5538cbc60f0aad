"""Parts of an update that a framework's library does alone: what an update is made of is said by them.

`device` is what adapters are told when they are constructed, one that they declare. `shares` is for adapters
that divide a batch among threads: so many of the part at the same time, one in each thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from adapters.dtypes import Dtype

Function = Literal["add", "divide", "multiply", "sigmoid", "sqrt", "tanh"]
"""An element-wise function; those of two arguments take an array of 0.5 as their second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The product of a matrix (rows, inner) and one (inner, columns)."""

    rows: int
    inner: int
    columns: int
    dtype: Dtype = "float32"
    device: str = "cpu"
    shares: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Functions:
    """Functions, one after the other, of an array (rows, columns), each of what the one before it made."""

    names: tuple[Function, ...]
    rows: int
    columns: int
    dtype: Dtype = "float32"
    device: str = "cpu"
    shares: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """So many `taken` rows of an array (rows, columns), at indices that are not in order, copied."""

    rows: int
    columns: int
    taken: int
    dtype: Dtype = "float32"
    device: str = "cpu"
    shares: int = 1


Work = Product | Functions | Rows
WORK: dict[str, type[Work]] = {"product": Product, "functions": Functions, "rows": Rows}
"""By the name under which a worker is told of it."""


class Alone(NamedTuple):
    """`run(times)` does a part so many times over, done when it returns; `kernel` says what does it.

    Whatever it returns holds the result of the last time, of one share at least, as an array.
    """

    run: Callable[[int], object]
    kernel: str


class MatrixProduct(NamedTuple):
    """What multiplies two square float32 matrices, done when it returns, and the kernel that does it."""

    multiply: Callable[[], object]
    kernel: str


class KernelRun(NamedTuple):
    """A kernel or an operator by its framework's name for it, and how often it ran or stands there.

    `compiled`: counted was how often it stands in a compiled program, not how often it ran.
    """

    name: str
    times: int
    compiled: bool = False
