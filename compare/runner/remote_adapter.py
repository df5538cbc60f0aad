"""An adapter in a process of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import inf

import numpy as np

from adapters.conformance import Outcome
from adapters.interface import Array, ModelSpec, TrainSpec
from adapters.parameters import shapes
from adapters.work import KernelRun, Work
from compare.records.run import Inference, ProductRate, WorkerFacts
from compare.runner.checked_worker import CheckedWorker
from compare.runner.inference import Sequences
from compare.runner.parts_alone import to_plain
from compare.runner.protocol import train_to_plain
from compare.runner.worker_process import Limits
from compare.text import one_line
from tasks.interface import TaskReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The losses of a call of `train`, some of which may not be finite, and the seconds that it took."""

    losses: Array
    seconds: float


class RemoteAdapter(CheckedWorker):
    """Starts an adapter's process, and has it import, construct, load, train and predict.

    Every method raises WorkerFailed where the worker fails, or answers what it should not.

    Units: `import_seconds` and `import_rss_bytes` of the framework's import; `updates` since construction.
    """

    def __init__(self, adapter: str, limits: Limits, *, device: str = "cpu") -> None:
        super().__init__(adapter, limits)
        self.device = device
        self.updates = 0
        self.import_seconds: float | None = None
        self.import_rss_bytes: int | None = None
        self._rss_bytes_before: int | None = None
        self._models = 0
        self._at_once: int | None = None

    def import_framework(self) -> float:
        """Import the framework, unless that is done; return the seconds that it took."""
        if self.import_seconds is None:
            reply = self._call("import_framework")
            self.import_seconds, self.import_rss_bytes = reply.seconds, reply.peak_rss_bytes
        return self.import_seconds

    def facts(self) -> WorkerFacts:
        """What the worker finds itself running on."""
        facts: WorkerFacts = self._as(WorkerFacts, "facts", self._call("facts").value)
        return facts

    def construct(self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array]) -> float:
        """Begin with a model, in place of the one before; return the seconds that constructing took."""
        self.import_framework()
        self._rss_bytes_before = self._as(int | None, "begin", self._call("begin").value)
        plain = {name: np.asarray(value) for name, value in parameters.items()}
        seconds = self._call("construct", asdict(model), train_to_plain(train), plain, self.device).seconds
        self._model, self._train, self.updates = model, train, 0
        self._models += 1
        return seconds

    def load_task(
        self,
        task: TaskReference,
        key: str,
        time_steps: int,
        rows: Array | None = None,
        at_once: int | None = None,
    ) -> float:
        """Load the training data of a task, or some rows of them, which the worker reads by itself.

        With `at_once`, no more are loaded at a time: each call of `train` loads those that it takes.

        Units: the seconds of loading, reading left out.
        """
        self._call("read", task.name, task.changes, key)
        if rows is not None:
            self._call("select", rows)
        elif at_once is not None:
            self._call("select", np.arange(at_once))
        seconds = self._load(time_steps)
        if at_once is None:
            self._call("forget_rest")
        self._at_once = at_once
        return seconds

    def load(self, inputs: Array, targets: Array, lengths: Array | None = None) -> float:
        """Load these data; return the seconds that it took."""
        self._call("take", inputs, targets, lengths)
        self._at_once = None
        return self._load(inputs.shape[1])

    def train(self, batches: Array) -> Training:
        """Train on each row of indices in turn; to load what they name is not timed."""
        if self._at_once is None:
            return self._train_on_loaded(batches)
        size = max(1, self._at_once // batches.shape[1])
        parts = [self._train_on_selected(batches[i : i + size]) for i in range(0, len(batches), size)]
        return Training(
            losses=np.concatenate([part.losses for part in parts]),
            seconds=sum(part.seconds for part in parts),
        )

    def _train_on_selected(self, batches: Array) -> Training:
        """Load the sequences that the batches name, always as many, so that nothing is compiled anew."""
        named, rows = np.unique(batches, return_inverse=True)
        assert self._at_once is not None
        self._call("select", np.resize(named, max(self._at_once, batches.shape[1])))
        self._call("load")
        return self._train_on_loaded(rows.reshape(batches.shape))

    def _train_on_loaded(self, batches: Array) -> Training:
        reply = self._call("train", batches)
        losses = self._array("train", reply.value, (len(batches) * self._updates_a_batch,))
        self.updates += len(losses)
        return Training(losses=losses, seconds=reply.seconds)

    def train_seconds(self, batches: Array) -> float:
        """Train where losses need only be finite; return the seconds that it took."""
        reply = self._call("train", batches)
        if not isinstance(reply.value, np.ndarray):
            raise self._failed("failed", f"train returned a {type(reply.value).__name__}: expected an array")
        self.updates += len(batches) * self._updates_a_batch
        self.raise_if_diverged(reply.value.ravel())
        return reply.seconds

    def raise_if_diverged(self, losses: Array) -> None:
        """Raise if one of the latest losses is not finite."""
        finite = np.isfinite(losses)
        if not finite.all():
            place = int(np.argmin(finite))
            update = self.updates - len(losses) + place + 1
            raise self._failed("diverged", f"the loss was {losses[place]} at update {update}")

    def predict(self, inputs: Array, lengths: Array | None = None) -> Array:
        """The model's outputs, all of them finite.

        Shapes: (N, T, D) -> (N, K), or (N, T, K) with readout 'every'.
        """
        return self.timed_prediction(inputs, lengths)[0]

    def timed_prediction(self, inputs: Array, lengths: Array | None = None) -> tuple[Array, float]:
        """As `predict`, and the seconds that the call took."""
        steps = inputs.shape[1:2] if self._model.readout == "every" else ()
        reply = self._call("predict", inputs, lengths)
        outputs = self._array("predict", reply.value, (len(inputs), *steps, self._model.outputs))
        if not np.isfinite(outputs).all():
            raise self._failed("diverged", "the predictions are not finite")
        return outputs, reply.seconds

    def measure_predictions(self, sequences: Sequences, seconds: float) -> Inference:
        """How long calls of `predict` take, with one sequence and with many, each for so many seconds."""
        reply = self._call("measure_predictions", sequences.inputs, sequences.lengths, seconds)
        turn: Inference = self._as(Inference, "predict", reply.value)
        return turn

    def product_rate(self, size: int, seconds: float) -> ProductRate | None:
        """How fast the adapter's library multiplies matrices; None where it has no product to time."""
        reply = self._call("product_rate", size, seconds)
        rate: ProductRate | None = self._as(ProductRate | None, "product_rate", reply.value)
        return rate

    def shares(self, batch: int) -> int:
        """Among how many threads of its own the adapter divides such a batch."""
        found: int = self._as(int, "shares", self._call("shares", batch).value)
        if not 1 <= found <= batch:
            raise self._failed("failed", f"shares returned {found} for a batch of {batch}")
        return found

    def seconds_alone(self, works: Sequence[Work], least_seconds: float) -> list[float] | None:
        """What each part of an update takes by itself; None where the adapter's library does none.

        Each is done as often as fills so many seconds.
        """
        reply = self._call("alone", [to_plain(work) for work in works], least_seconds)
        found: list[float] | None = self._as(list[float] | None, "alone", reply.value)
        if found is not None and not (len(found) == len(works) and all(0 <= each < inf for each in found)):
            raise self._failed("failed", f"alone: the times are {found}: expected {len(works)} of 0 or more")
        return found

    def kernels(self, batches: Array) -> list[KernelRun]:
        """Train on the batches; the kernels that ran, as the framework tells them."""
        reply = self._call("kernels", batches)
        ran: list[KernelRun] = self._as(list[KernelRun], "kernels", reply.value)
        if wrong := [run for run in ran if not one_line(run.name) or run.times < 0]:
            raise self._failed("failed", f"kernels returned {wrong[0]}: expected a name and 0 or more times")
        self.updates += len(batches) * self._updates_a_batch
        return ran

    def gpu_kernels_per_update(self, batches: Array) -> float | None:
        """How many kernels a GPU runs for an update, while training on these; None where nothing can tell."""
        kernels: int | None = self._as(int | None, "gpu_kernels", self._call("gpu_kernels", batches).value)
        updates = len(batches) * self._updates_a_batch
        self.updates += updates
        return None if kernels is None else kernels / updates

    def parameters(self) -> dict[str, Array]:
        """The parameters as they are now, all of them finite."""
        values, expected = self._call("parameters").value, shapes(self._model)
        if not isinstance(values, dict) or values.keys() != expected.keys():
            found = list(values) if isinstance(values, dict) else f"a {type(values).__name__}"
            raise self._failed("failed", f"parameters: expected {', '.join(expected)}, came {found}")
        for name, shape in expected.items():
            value = self._array(f"parameters: {name}", values[name], shape)
            if not np.isfinite(value).all():
                raise self._failed("diverged", f"after update {self.updates}: {name} is not finite")
        return values

    def state(self) -> dict[str, Array] | None:
        """All that training goes on from; None where the adapter cannot tell."""
        values = self._call("state").value
        if values is None:
            return None
        if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
            kind = type(values).__name__
            raise self._failed("failed", f"state returned a {kind}: expected arrays by name")
        for name, value in values.items():
            if not isinstance(value, np.ndarray):
                found = f"{name} is a {type(value).__name__}"
                raise self._failed("failed", f"state: {found}: expected a NumPy array of plain numbers")
        return values

    def restore(self, state: Mapping[str, Array], updates: int) -> None:
        """Go on from a state after so many updates."""
        self._call("restore", dict(state))
        self.updates = updates

    def conformance(self, check: str) -> Outcome:
        """Put the adapter through one check of the conformance suite."""
        reply = self._call("conformance", check, self.device)
        outcome: Outcome = self._as(Outcome, "conformance", reply.value)
        return outcome

    @property
    def peak_rss_bytes(self) -> int | None:
        """What the process holds after its import, and the growth since just before the present model.

        None for a later model where the system cannot begin anew with the largest.
        """
        peak = self._process.peak_rss_bytes
        if peak is None or self._rss_bytes_before is None or self.import_rss_bytes is None:
            return peak if self._models <= 1 else None
        return self.import_rss_bytes + max(0, peak - self._rss_bytes_before)

    @property
    def growth_bytes(self) -> int:
        """The largest resident size since the present model was begun, above that after the import."""
        return (self.peak_rss_bytes or 0) - (self.import_rss_bytes or 0)

    def _load(self, time_steps: int) -> float:
        self._updates_a_batch = len(self._train.spans(self._model, time_steps))
        return self._call("load").seconds

    def _array(self, what: str, value: object, shape: tuple[int, ...]) -> Array:
        dtype = self._train.kept_dtype
        found = (
            f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else f"a {type(value).__name__}"
        )
        if found != f"{dtype} {shape}":
            raise self._failed("failed", f"{what} returned {found}: expected {dtype} {shape}")
        assert isinstance(value, np.ndarray)
        return value
