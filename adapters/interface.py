"""What a framework must do to be compared: all that an adapter's author imports, but for the parameters.

What a task may ask for stands in `specs.py`, `optimizers.py` and `schedules.py`, what an adapter says of
itself in `declaration.py`.

Axis letters: N sequences, B batch, T time steps, D inputs per step, H hidden units, K outputs, L layers,
S steps (index batches), G gates (1 for the Elman cell, 3 for the GRU, 4 for the LSTM).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar, Self

from adapters.declaration import Declaration
from adapters.dtypes import Dtype, KeptDtype, is_reduced
from adapters.optimizers import Adam, AdamW, Optimizer, OptimizerName, RmsProp, Sgd
from adapters.schedules import Cosine, Exponential, LearningRate, rate_at
from adapters.specs import (
    Activation,
    Array,
    Cell,
    Device,
    Loss,
    ModelSpec,
    Readout,
    Reset,
    Span,
    TrainSpec,
    UnsupportedSpec,
)
from adapters.validation import (
    Checked,
    check_batches,
    check_data,
    check_parameters,
    check_sequences,
    int64,
    with_zero_padding,
    with_zeros_where_read,
)
from adapters.work import Alone, Functions, KernelRun, MatrixProduct, Product, Rows, Work

__all__ = [
    "Activation", "Adam", "AdamW", "Adapter", "Alone", "Array", "Cell", "Cosine", "Declaration", "Device",
    "Dtype", "Exponential", "Functions", "KeptDtype", "KernelRun", "LearningRate", "Loss", "MatrixProduct",
    "ModelSpec", "Optimizer", "OptimizerName", "Product", "Readout", "Reset", "RmsProp", "Rows", "Sgd",
    "Span", "TrainSpec", "UnsupportedSpec", "Work", "is_reduced", "rate_at",
]  # fmt: skip


class Adapter(ABC):
    """One framework, training one model.

    An author writes `__init__`, `_load`, `_train`, `_predict` and `parameters`. Everything handed to them
    was checked here before: the specs and the device against the declaration, the shapes and names of the
    parameters, the shapes of all data, classes and indices against their range. Nothing was converted but
    lengths, which are int64: arrays come in any dtype and memory layout, may be read-only, and must never be
    written to. There is no need to call `super().__init__()`, and attributes may have any name but that of a
    public method.

    Sequences of unlike length are padded on the right: `lengths` holds the valid steps of each, from 1 to T,
    and is None where all are T long. What lies beyond is 0 when it is handed to an author, and changes no
    state, has no loss, and is no part of what the reverse direction reads, which begins at the last valid
    step. Readout `last` is of the state after the last valid step (reverse: after the first).
    The mean of the loss divides by B alone. Every update is made, also one that no valid step falls into.

    Everything that it is not told by the specs an adapter must not choose: no other hyperparameter, no
    other precision, no shuffling. The same calls give the same losses, bit for bit, on the same machine
    with the same number of threads. What it does not know in the specs it must refuse: look up cells,
    activations, losses, readouts and optimizers in tables, and let nothing fall through to a default.
    """

    declaration: ClassVar[Declaration] = Declaration()
    __checked: Checked

    def __new__(
        cls, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> Self:
        """Check what the constructor is given, before it runs.

        Raises: UnsupportedSpec for what is not declared; ValueError for parameters that are not the model's.
        """
        train.check_model(model)
        cls.declaration.check_supported(model, train)
        cls.declaration.check_device(device)
        check_parameters(model, parameters)
        adapter = super().__new__(cls)
        # past __setattr__: an author's class may be a frozen dataclass
        object.__setattr__(adapter, "_Adapter__checked", Checked(model, train))
        return adapter

    @abstractmethod
    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        """Take the initial values, under the names and shapes of `adapters.parameters`.

        Raises: UnsupportedSpec for a spec that this adapter cannot run or a device that is not there,
        naming the field.
        """

    def load(self, inputs: Array, targets: Array, lengths: Array | None = None) -> None:
        """Take the training set, moved wherever `train` wants it; not timed with training.

        It may be called again at any time: it replaces the data and touches nothing else.

        Shapes: inputs (N, T, D); targets (N, K) or, with readout 'every', (N, T, K); for the
        cross-entropy (N,) or (N, T) whole numbers in [0, K); lengths (N,) whole numbers in [1, T], beyond
        which inputs and targets may hold anything.
        Raises: ValueError where the data do not fit the specs; UnsupportedSpec for lengths if undeclared.
        """
        checked = self.__checked
        self.declaration.check_lengths(lengths)
        check_data(checked.model, checked.train, inputs, targets, lengths)
        inputs = with_zero_padding(inputs, lengths)
        targets = with_zeros_where_read(checked.model, targets, lengths)
        checked.sequences = 0
        # through the class: an author may have an attribute self._train
        type(self)._load(self, inputs, targets, int64(lengths))
        checked.sequences = len(inputs)

    def train(self, batches: Array) -> Array:
        """Train on each row of indices in turn; return each update's loss, taken before that update.

        One call with two rows equals two calls with one. When it returns, every update is finished
        and the losses are on the host.

        Shapes: batches (S, B) integers into the N loaded sequences -> (S·updates,) in the spec's kept dtype.
        Raises: ValueError where they are none, or nothing is loaded.
        """
        check_batches(batches, self.__checked.sequences)
        return type(self)._train(self, batches)

    def predict(self, inputs: Array, lengths: Array | None = None) -> Array:
        """The model's outputs (logits for the cross-entropy) for whole sequences; training is untouched.

        Shapes: (N, T, D) -> (N, K), or (N, T, K) with readout 'every', 0 beyond a sequence's length; in the
        spec's kept dtype; N may be 0.
        Raises: ValueError for inputs of another shape; UnsupportedSpec for lengths that are not declared.
        """
        model = self.__checked.model
        self.declaration.check_lengths(lengths)
        check_sequences(model, inputs, lengths)
        outputs = type(self)._predict(self, with_zero_padding(inputs, lengths), int64(lengths))
        return with_zeros_where_read(model, outputs, lengths)

    @abstractmethod
    def _load(self, inputs: Array, targets: Array, lengths: Array | None) -> None:
        """Do what `load` promises; `train.spans(model, T)` are the updates of each sequence."""

    @abstractmethod
    def _train(self, batches: Array) -> Array:
        """Do what `train` promises; this is what is timed."""

    @abstractmethod
    def _predict(self, inputs: Array, lengths: Array | None) -> Array:
        """Do what `predict` promises."""

    @abstractmethod
    def parameters(self) -> dict[str, Array]:
        """Copies of the parameters as they are now, under their canonical names and in canonical layout."""

    def state(self) -> dict[str, Array] | None:
        """Copies of all that training goes on from: parameters, moments, updates so far; None: cannot tell.

        The names are the adapter's own. A run that was broken off goes on from here, if every adapter can.
        """
        return None

    def restore(self, state: Mapping[str, Array]) -> None:
        """Take a state of the same adapter under the same specs; go on bit for bit as if never stopped."""
        raise NotImplementedError("restore, for an adapter that tells its state")

    @classmethod
    def libraries(cls) -> tuple[str, ...]:
        """The libraries that its kernels come from, where only the framework itself can tell."""
        return ()

    def kernels(self, batches: Array) -> tuple[KernelRun, ...]:
        """Train on the batches and say what ran, as the framework itself tells; not timed, once warm."""
        self.train(batches)
        return ()

    def shares(self, batch: int) -> int:
        """Among how many threads of its own a batch of so many of the loaded sequences is divided.

        1 where the library divides the work, if anything does.
        """
        return 1

    @classmethod
    def alone(cls, work: Work) -> Alone | None:
        """A part of an update by itself, as its library does it on `work.device`; None: it has none.

        Where an update's time goes is measured by all parts.
        """
        return None

    @classmethod
    def matrix_product(cls, size: int) -> MatrixProduct | None:
        """A product of matrices of `size` rows, as fast as its library does them; None where it has none.

        The machine's limit is measured by it, with the worker's threads.
        """
        alone = cls.alone(Product(rows=size, inner=size, columns=size))
        return None if alone is None else MatrixProduct(partial(alone.run, 1), alone.kernel)

    @classmethod
    def gpu_kernels(cls, work: Callable[[], object]) -> int | None:
        """Do some work; how many kernels a GPU ran for it, copies left out; None where nothing can tell."""
        work()
        return None
