"""JAX as its users write it: layers of `flax.nnx`, an optimizer of optax, a compiled training step."""

from collections.abc import Mapping
from typing import ClassVar

from adapters.interface import Declaration
from compare.benchmarks.flax_modules import FlaxLoop
from compare.benchmarks.native_loop import (
    CLASSIFICATION,
    ClassifiesByLastState,
    ForecastsEveryStep,
    ForecastsOneValue,
    ReadsUnlikeLengths,
)


class Lstm(FlaxLoop, ClassifiesByLastState):
    """`nnx.OptimizedLSTMCell` under `optax.adam`."""

    declaration = Declaration(
        distribution="flax",
        variables={"NPROC": "{threads}", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
    )
    free = ClassifiesByLastState.free - {"bias"}


class Gru(FlaxLoop, ClassifiesByLastState):
    """`nnx.GRUCell` in the same loop."""

    declaration = Declaration(
        distribution="flax",
        variables={"NPROC": "{threads}", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        devices=("cpu", "cuda"),
        cells=("gru",),
        resets=("after",),
        optimizers=("adam",),
        dtypes=("float32",),
    )
    fixed: ClassVar[Mapping[str, object]] = {"cell": "gru", **CLASSIFICATION}
    free = ClassifiesByLastState.free - {"bias"}


class StackedLstm(FlaxLoop, ClassifiesByLastState):
    """Two of `nnx.Bidirectional` over `nnx.OptimizedLSTMCell`, each direction's last state side by side."""

    declaration = Declaration(
        distribution="flax",
        variables={"NPROC": "{threads}", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
        features=("layers", "bidirectional"),
    )
    fixed: ClassVar[Mapping[str, object]] = {
        "cell": "lstm",
        "layers": 2,
        "bidirectional": True,
        **CLASSIFICATION,
    }
    free = ClassifiesByLastState.free - {"bias"}


class Forecast(FlaxLoop, ForecastsOneValue):
    """`nnx.OptimizedLSTMCell`, its last state read out as a value."""

    declaration = Declaration(
        distribution="flax",
        variables={"NPROC": "{threads}", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        devices=("cpu", "cuda"),
        cells=("lstm",),
        optimizers=("adam",),
        dtypes=("float32",),
    )
    free = ForecastsOneValue.free - {"bias"}


class UnlikeLengths(FlaxLoop, ReadsUnlikeLengths):
    """`nnx.GRUCell` with `seq_lengths`, which runs every step all the same; epsilon under RMSprop's root."""

    declaration = Declaration(
        distribution="flax",
        variables={"NPROC": "{threads}", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        devices=("cpu", "cuda"),
        cells=("gru",),
        resets=("after",),
        optimizers=("rmsprop",),
        schedules=("cosine",),
        features=("lengths", "clip_norm"),
        dtypes=("float32",),
    )
    free = ReadsUnlikeLengths.free - {"bias"}


class EveryStep(FlaxLoop, ForecastsEveryStep):
    """Two of `nnx.GRUCell`, read out at every step, under `optax.adamw`."""

    declaration = Declaration(
        distribution="flax",
        variables={"NPROC": "{threads}", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"},
        devices=("cpu", "cuda"),
        cells=("gru",),
        resets=("after",),
        optimizers=("adamw",),
        schedules=("cosine",),
        features=("layers",),
        dtypes=("float32",),
    )
    free = ForecastsEveryStep.free - {"bias"}
