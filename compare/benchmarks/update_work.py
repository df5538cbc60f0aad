"""What an update is made of: its products at the shapes that occur, its functions, its optimizer, its rows.

Counted is the usual way of it: a layer's inputs are multiplied for all steps at once, the hidden states step
by step, and the gradient of each kernel is one product over all steps. Left out are what grows with neither
T nor the parameters, as the loss does, clipping, and padding.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from adapters.interface import Adam, AdamW, ModelSpec, Optimizer, RmsProp, Sgd, Span, TrainSpec
from adapters.parameters import layers, shapes
from adapters.work import Function, Functions, Product, Rows, Work
from compare.benchmarks.timed_worker import Workload

Counted = Counter[Work]
"""A part -> how often it occurs in a batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFunctions:
    """The functions of one step, forward and back: of the sums under all gates (B, G·H), and of (B, H)."""

    gates: tuple[Function, ...]
    states: tuple[Function, ...]
    gates_back: tuple[Function, ...]
    states_back: tuple[Function, ...]


ELMAN_BACK: tuple[Function, ...] = ("multiply", "add", "multiply")

STEPS: Mapping[tuple[str, str], StepFunctions] = {
    ("elman", "tanh"): StepFunctions(gates=("add", "tanh"), states=(), gates_back=ELMAN_BACK, states_back=()),
    ("elman", "sigmoid"): StepFunctions(
        gates=("add", "sigmoid"), states=(), gates_back=ELMAN_BACK, states_back=()
    ),
    # c = f·c + i·g, h = o·tanh(c); back δc, then by the gates, then by the sums under them
    ("lstm", "tanh"): StepFunctions(
        gates=("add", "sigmoid"),
        states=("multiply", "multiply", "add", "tanh", "multiply"),
        gates_back=("multiply", "multiply", "add"),
        states_back=("multiply", "multiply", "multiply", "add", "add"),
    ),
    # n = tanh(x + r·h), h = n + z·(h − n); back likewise
    ("gru", "tanh"): StepFunctions(
        gates=("add", "sigmoid"),
        states=("multiply", "add", "add", "multiply", "add"),
        gates_back=("multiply", "multiply", "add"),
        states_back=("multiply", "multiply", "add", "multiply", "add"),
    ),
}
"""By cell and activation; the gates of either kind are taken as one array, its functions as σ."""

MOMENTUM: tuple[Function, ...] = ("multiply", "add")
ADAM: tuple[Function, ...] = (
    *("multiply", "multiply", "add"),  # m ← β₁·m + (1−β₁)·g
    *("multiply", "multiply", "multiply", "add"),  # v ← β₂·v + (1−β₂)·g²
    *("sqrt", "add", "divide", "multiply", "add"),  # θ ← θ − η·m/(√v + ε)
)


def functions_of(rule: Optimizer) -> tuple[Function, ...]:
    """What an optimizer does to all parameters."""
    match rule:
        case Sgd(momentum=0):
            return ("multiply", "add")
        case Sgd(nesterov=False):
            return (*MOMENTUM, "multiply", "add")
        case Sgd():
            return (*MOMENTUM, "multiply", "add", "multiply", "add")
        case RmsProp():
            return ("multiply", "multiply", "multiply", "add", "sqrt", "add", "divide", "multiply", "add")
        case AdamW():
            return ("multiply", *ADAM)
        case Adam():
            return ADAM


def products(workload: Workload) -> Counted:
    """The matrix products of a batch."""
    model, train, counted = workload.model, workload.train, Counter[Work]()
    for span in spans_of(workload):
        for product, times in _products_of_layers(model, span, workload.batch):
            counted[replace(product, dtype=train.dtype)] += times
        for product in _products_of_readout(model, span, workload.batch):
            counted[replace(product, dtype=train.kept_dtype)] += 1
    return counted


def _products_of_layers(model: ModelSpec, span: Span, B: int) -> Iterator[tuple[Product, int]]:
    forward, back = span.stop - span.start, span.stop - span.cut
    H, columns = model.hidden, model.gates * model.hidden
    for level, directions in enumerate(layers(model)):
        for layer in directions:
            yield Product(rows=forward * B, inner=layer.inputs, columns=columns), 1  # x·W
            yield Product(rows=B, inner=H, columns=columns), forward  # h·U
            yield Product(rows=B, inner=columns, columns=H), back - 1  # δsums·Uᵀ
            yield Product(rows=H, inner=back * B, columns=columns), 1  # δU
            yield Product(rows=layer.inputs, inner=back * B, columns=columns), 1  # δW
            if level:
                yield Product(rows=back * B, inner=columns, columns=layer.inputs), 1  # δx


def _products_of_readout(model: ModelSpec, span: Span, B: int) -> Iterator[Product]:
    read = B * (span.stop - span.cut if model.readout == "every" else 1)
    yield Product(rows=read, inner=model.width, columns=model.outputs)
    yield Product(rows=read, inner=model.outputs, columns=model.width)
    yield Product(rows=model.width, inner=read, columns=model.outputs)


def functions(workload: Workload) -> Counted:
    """The element-wise functions of a batch."""
    model, counted = workload.model, Counter[Work]()
    step, gates = STEPS[model.cell, model.activation], model.gates * model.hidden
    directions = sum(map(len, layers(model)))
    for span in spans_of(workload):
        forward, back = span.stop - span.start, span.stop - span.cut
        for names, columns, steps in (
            (step.gates, gates, forward),
            (step.states, model.hidden, forward),
            (step.gates_back, gates, back),
            (step.states_back, model.hidden, back),
        ):
            if names:
                work = Functions(
                    names=names, rows=workload.batch, columns=columns, dtype=workload.train.dtype
                )
                counted[work] += steps * directions
    return counted


def optimizer(workload: Workload) -> Counted:
    """The optimizer's functions of all parameters, for each update of a batch."""
    names = functions_of(workload.train.optimizer)
    size = sum(_size(shape) for shape in shapes(workload.model).values())
    work = Functions(names=names, rows=1, columns=size, dtype=workload.train.kept_dtype)
    return Counter({work: workload.updates})


def indexing(workload: Workload) -> Counted:
    """The copies of the inputs of a batch's sequences."""
    sequences, steps, inputs = workload.inputs.shape
    kept = workload.train.kept_dtype
    work = Rows(rows=sequences, columns=steps * inputs, taken=workload.batch, dtype=kept)
    return Counter({work: 1})


PARTS = {"products": products, "functions": functions, "optimizer": optimizer, "indexing": indexing}
"""The parts of an update beside the fixed cost of its calls, by the field of a `Profile`."""


def parts_of(workload: Workload, device: str, shares: int = 1) -> dict[str, Counted]:
    """The parts of a batch's updates, by name, done on a device; where it is divided, those of one share."""
    share = replace(workload, batch=-(-workload.batch // shares))
    counted = {name: (part(share), shares) for name, part in PARTS.items()}
    counted["optimizer"] = optimizer(workload), 1  # once, by the sum of all gradients
    return {
        name: Counter({replace(work, device=device, shares=count): times for work, times in part.items()})
        for name, (part, count) in counted.items()
    }


def smallest(work: Work) -> Work:
    """The same of two numbers, or one row: what is left is what its calls cost.

    Not of one number, for which NumPy's functions take twice as long as for two; and in one thread, as of two
    which do nothing but call one waits for the other.
    """
    match work:
        case Product():
            return replace(work, rows=1, inner=2, columns=2, shares=1)
        case Functions():
            return replace(work, rows=1, columns=2, shares=1)
        case Rows():
            return replace(work, taken=1, shares=1)


def operations(workload: Workload) -> int:
    """The operations of the matrix products of an update, a multiplication and an addition as two."""
    each = products(workload).items()
    total = sum(2 * w.rows * w.inner * w.columns * n for w, n in each if isinstance(w, Product))
    return round(total / workload.updates)


def spans_of(workload: Workload) -> tuple[Span, ...]:
    """The updates of a batch."""
    train: TrainSpec = workload.train
    return train.spans(workload.model, workload.inputs.shape[1])


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size
