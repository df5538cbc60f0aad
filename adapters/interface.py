"""What a framework must do to be compared: all that an adapter's author imports, but for the parameters.

What a task may ask for stands in `specs.py`, what an adapter says of itself in `declaration.py`.

Axis letters: N sequences, B batch, T time steps, D inputs per step, H hidden units, K outputs,
S steps (index batches), G gates (1 for the Elman cell, 4 for the LSTM).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, NamedTuple, Self

from adapters.declaration import Declaration
from adapters.specs import (
    Activation,
    Adam,
    Array,
    Cell,
    Device,
    Dtype,
    Loss,
    ModelSpec,
    Optimizer,
    OptimizerName,
    Readout,
    Sgd,
    Span,
    TrainSpec,
    UnsupportedSpec,
)
from adapters.validation import check_batches, check_data, check_parameters, check_sequences

__all__ = [
    "Activation",
    "Adam",
    "Adapter",
    "Array",
    "Cell",
    "Declaration",
    "Device",
    "Dtype",
    "Loss",
    "MatrixProduct",
    "ModelSpec",
    "Optimizer",
    "OptimizerName",
    "Readout",
    "Sgd",
    "Span",
    "TrainSpec",
    "UnsupportedSpec",
]


class MatrixProduct(NamedTuple):
    """What multiplies two square float32 matrices, done when it returns, and the kernel that does it."""

    multiply: Callable[[], object]
    kernel: str


class Adapter(ABC):
    """One framework, training one model.

    An author writes `__init__`, `_load`, `_train`, `_predict` and `parameters`. Everything handed to them
    was checked here before: the specs and the device against the declaration, the shapes and names of the
    parameters, the shapes of all data, classes and indices against their range. Nothing was converted:
    arrays come in any dtype and memory layout, may be read-only, and must never be written to. There is no
    need to call `super().__init__()`, and attributes may have any name but that of a public method.

    Everything that it is not told by the specs an adapter must not choose: no other hyperparameter, no
    other precision, no shuffling. The same calls give the same losses, bit for bit, on the same machine
    with the same number of threads. What it does not know in the specs it must refuse: look up cells,
    activations, losses, readouts and optimizers in tables, and let nothing fall through to a default.
    """

    declaration: ClassVar[Declaration] = Declaration()
    __checked_model: ModelSpec
    __checked_train: TrainSpec
    __loaded_sequences: int

    def __new__(
        cls, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> Self:
        """Check what the constructor is given, before it runs.

        Raises: UnsupportedSpec for a spec or device that is not declared; ValueError for parameters that
        are not the model's.
        """
        cls.declaration.check_supported(model, train)
        cls.declaration.check_device(device)
        check_parameters(model, parameters)
        adapter = super().__new__(cls)
        adapter.__checked_model, adapter.__checked_train = model, train
        adapter.__loaded_sequences = 0
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
        cross-entropy (N,) or (N, T) whole numbers in [0, K).
        Raises: ValueError where the data do not fit the specs; UnsupportedSpec for lengths.
        """
        _refuse_lengths(lengths)
        check_data(self.__checked_model, self.__checked_train, inputs, targets)
        self.__loaded_sequences = 0
        # through the class: an author may have an attribute self._train
        type(self)._load(self, inputs, targets, None)
        self.__loaded_sequences = len(inputs)

    def train(self, batches: Array) -> Array:
        """Train on each row of indices in turn; return each update's loss, taken before that update.

        One call with two rows equals two calls with one. When it returns, every update is finished
        and the losses are on the host.

        Shapes: batches (S, B) integers into the N loaded sequences -> (S·updates,) in the spec's dtype.
        Raises: ValueError where they are none, or nothing is loaded.
        """
        check_batches(batches, self.__loaded_sequences)
        return type(self)._train(self, batches)

    def predict(self, inputs: Array, lengths: Array | None = None) -> Array:
        """The model's outputs (logits for the cross-entropy) for whole sequences; training is untouched.

        Shapes: (N, T, D) -> (N, K), or (N, T, K) with readout 'every', in the spec's dtype; N may be 0.
        Raises: ValueError for inputs of another shape; UnsupportedSpec for lengths.
        """
        _refuse_lengths(lengths)
        check_sequences(self.__checked_model, inputs)
        return type(self)._predict(self, inputs, None)

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

    @classmethod
    def matrix_product(cls, size: int) -> MatrixProduct | None:
        """A product of matrices of `size` rows, as fast as its library does them; None where it has none.

        The machine's limit is measured by it, with the worker's threads.
        """
        return None


def _refuse_lengths(lengths: Array | None) -> None:
    if lengths is not None:
        raise UnsupportedSpec("lengths are given: no adapter knows them, give sequences of one length")
