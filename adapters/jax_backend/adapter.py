"""JAX: pure functions, whole epochs in one compiled call, gradients by `jax.value_and_grad`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import jax
import numpy as np
from jax.profiler import ProfileData

from adapters.interface import (
    Adapter,
    Alone,
    Array,
    Declaration,
    KernelRun,
    ModelSpec,
    TrainSpec,
    UnsupportedSpec,
    Work,
)
from adapters.jax_backend.alone import alone
from adapters.jax_backend.devices import copied, devices_for, mesh_of, spread
from adapters.jax_backend.optimizers import TrainState
from adapters.jax_backend.products import check_kernels
from adapters.jax_backend.program import Program, Sequences
from adapters.parameters import shapes
from adapters.xla_programs import kernels_in

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "float32")  # on a GPU too

ROWS = 1024  # batches in one run of the program, fewer in the last: calls of other lengths compile nothing


class JaxAdapter(Adapter):
    """Cells written out and scanned over time; adapters of equal specs share what is compiled."""

    declaration = Declaration(
        distribution="jax",
        computes="every cell under `lax.scan`, on CPUs a large batch shared among threads",
        variables={
            "NPROC": "{threads}",
            "JAX_NUM_CPU_DEVICES": "{threads}",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        },
        devices=("cpu", "cuda"),
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        dtypes=("float32", "float64", "bfloat16", "float16"),
        kernels={"elman": "XLA fusion", "lstm": "XLA fusion", "gru": "XLA fusion"},
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        try:
            self._device, *_ = jax.devices(device)
        except RuntimeError as error:
            raise UnsupportedSpec(f"device is {device!r}: this build of JAX has no such device") from error
        self._program = Program(model, train, mesh_of(self._device.platform, 1))
        self._dtype = train.kept_dtype
        check_kernels(train.dtype, self._device)
        flat = np.concatenate([np.ravel(parameters[name]) for name in shapes(model)]).astype(train.kept_dtype)
        self.restore({"parameters": flat, "mean": 0 * flat, "square": 0 * flat, "updates": np.array(0)})

    def restore(self, state: Mapping[str, Array]) -> None:
        self._state = TrainState(*(self._tensor(state[n], state[n].dtype) for n in TrainState._fields))

    def state(self) -> dict[str, Array]:
        return {name: np.array(value) for name, value in self._state._asdict().items()}

    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        dtypes = {"half_squared_error": self._dtype, "softmax_cross_entropy": "int64"}
        kind = dtypes[self._program.model.loss]
        targets = self._tensor(targets, kind)
        self._data = Sequences(self._tensor(inputs, self._dtype), self._valid(inputs, lengths), targets)

    def _train(self, batches: Array) -> Array:
        program, state, data = self._placed(batches)
        losses: list[tuple[Any, int]] = []
        for first in range(0, len(batches), ROWS):
            some = batches[first : first + ROWS]
            state, found = program.train_rows(state, data, self._rows(some, program), len(some))
            losses.append((found, len(some)))
        self._state = state if program.mesh.size == 1 else TrainState(*(p.addressable_data(0) for p in state))
        parts = [np.array(found)[:count].ravel() for found, count in losses]
        return np.concatenate(parts) if parts else np.empty(0, self._dtype)

    def _placed(self, batches: Array) -> tuple[Program, TrainState, Sequences]:
        """The program on the devices that such batches are divided among; there, train state and data."""
        mesh = mesh_of(self._device.platform, self.shares(batches.shape[1]))
        return self._program._replace(mesh=mesh), copied(self._state, mesh), spread(self._data, mesh)

    def shares(self, batch: int) -> int:
        model = self._program.model
        return devices_for(self._device.platform, batch, model.gates * model.hidden)

    def _rows(self, some: Array, program: Program) -> Any:
        """Rows of indices, as many as the program takes."""
        return spread(self._tensor(np.pad(some, ((0, ROWS - len(some)), (0, 0))), np.int64), program.mesh)

    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        read = self._tensor(inputs, self._dtype), self._valid(inputs, lengths)
        return np.array(self._program.predict(self._state.parameters, *read))

    def parameters(self) -> dict[str, Array]:
        return {name: np.array(value) for name, value in self._program.unpack(self._state.parameters).items()}

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        return (f"XLA, as built for JAX {jax.__version__}",)

    def kernels(self, batches: Array) -> tuple[KernelRun, ...]:
        self.train(batches)
        program, state, data = self._placed(batches)
        rows = self._rows(batches, program)
        lowered = program.train_rows.lower(program, state, data, rows, len(batches))
        return kernels_in(lowered.compile().as_text())

    @classmethod
    def alone(cls, work: Work) -> Alone:
        return alone(work)

    @classmethod
    def gpu_kernels(cls, work: Callable[[], object]) -> int:
        with TemporaryDirectory() as folder:
            with jax.profiler.trace(folder):
                work()
            (trace,) = Path(folder).rglob("*.xplane.pb")
            planes = ProfileData.from_file(str(trace)).planes
            streams = [
                line
                for plane in planes
                if plane.name.startswith("/device:GPU")
                for line in plane.lines
                if line.name.startswith("Stream")
            ]
            names = [event.name for stream in streams for event in stream.events]
        return sum(not name.startswith(("Memcpy", "Memset")) for name in names)

    def _tensor(self, values: Any, dtype: Any) -> Any:
        return jax.device_put(np.array(values, dtype), self._device)

    def _valid(self, inputs: Array, lengths: Array | None) -> Any:
        """(N, T): which steps belong to a sequence; None where all of them do."""
        if lengths is None:
            return None
        return self._tensor(np.arange(inputs.shape[1]) < lengths[:, np.newaxis], bool)
