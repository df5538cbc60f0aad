"""What both programs do, stage by stage, before anything is said of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from adapters.interface import Array
from compare.port.curves import band_of_growth, curves
from compare.port.determinism import check_deterministic
from compare.port.outputs import FINAL, compare_outputs
from compare.port.records.causes import at_setup
from compare.port.records.differences import BANDS, Row, row, rows
from compare.port.records.interface import Batch, Trace
from compare.port.records.result import Curves, Found, SetupRow, Stage
from compare.port.request import Opened, both
from compare.port.setup import setup_rows
from compare.port.side import PortFailed, Side


@dataclass(slots=True, kw_only=True)
class Observed:
    """Traces, losses, gradients, updates and curves of both, and what of them differs."""

    opened: Opened
    traces: tuple[Trace, Trace]
    moved_values: dict[str, Array]
    moved_traces: tuple[Trace, Trace]
    losses: tuple[float, float]
    gradients: tuple[dict[str, Array], dict[str, Array]]
    updated: tuple[dict[str, Array], dict[str, Array]]
    curve: Curves
    setup: list[SetupRow]
    outputs: list[Row]
    loss: Row
    gradient: list[Row]
    update: list[Row]
    carried: tuple[bool, bool]
    found: list[Found] = field(default_factory=list)

    @property
    def batch(self) -> Batch:
        return self.opened.batches[0]


def observe(opened: Opened, updates: int) -> Observed:
    """Put both programs through every stage."""
    sides, batch = opened.sides, opened.batches[0]
    opened.begin()
    carried = tuple(both(lambda side: check_deterministic(side, opened), sides))
    opened.begin()
    traces = both(lambda side: side.trace(batch), sides)
    elsewhere = _moved(opened.values)
    opened.begin(elsewhere)
    moved = both(lambda side: side.trace(batch), sides)
    opened.begin()
    found = both(lambda side: side.differentiate(), sides)
    _check_finite(sides, [loss for loss, _ in found])
    opened.begin()
    begun = both(lambda side: _trained(side, updates), sides)
    band = BANDS[opened.dtype]
    outputs = compare_outputs(traces[0], traces[1], opened.matching, batch.lengths)
    later = compare_outputs(moved[0], moved[1], opened.matching, batch.lengths)
    common = [
        opened.matching.common_gradient(place == 0, gradient) for place, (_, gradient) in enumerate(found)
    ]
    after = [opened.matching.common(place == 0, values) for place, (_, values) in enumerate(begun)]
    observed = Observed(
        opened=opened,
        traces=(traces[0], traces[1]),
        moved_values=elsewhere,
        moved_traces=(moved[0], moved[1]),
        losses=(found[0][0], found[1][0]),
        gradients=(found[0][1], found[1][1]),
        updated=(begun[0][1], begun[1][1]),
        curve=curves(begun[0][0], begun[1][0], band),
        setup=_setup(opened),
        outputs=[_worse(*pair) for pair in zip(outputs, later, strict=True)],
        loss=row("loss", np.array(found[0][0]), np.array(found[1][0])),
        gradient=rows(*common),
        update=rows(*after),
        carried=(carried[0], carried[1]),
    )
    observed.found = _found(observed, band)
    return observed


def _trained(side: Side, updates: int) -> tuple[Array, dict[str, Array]]:
    """The losses of all updates, and the parameters after the first."""
    first = side.train(1)
    after = side.parameters()
    return np.concatenate([first, side.train(updates - 1, first=1)]), after


def _moved(values: Mapping[str, Array]) -> dict[str, Array]:
    """Every parameter a little elsewhere, so that a bias of zero hides nothing."""
    generator = np.random.default_rng(7)
    return {name: value + 0.1 * generator.normal(size=value.shape) for name, value in values.items()}


def _worse(one: Row, other: Row) -> Row:
    return other if other.difference > max(10 * one.difference, 1e-10) else one


def _check_finite(sides: Sequence[Side], losses: Sequence[float]) -> None:
    for side, loss in zip(sides, losses, strict=True):
        if not np.isfinite(loss):
            raise PortFailed(
                f"{side}: its loss is {loss} from the start: look at its inputs, targets and loss"
            )


def _setup(opened: Opened) -> list[SetupRow]:
    found = setup_rows(*opened.descriptions, opened.matching)
    if opened.reordered:
        cause = at_setup("data-order", "data()", "B's data() has the same rows in another order")
        found.append(
            SetupRow(name="data()", first="in its order", second="in another", differs=True, cause=cause)
        )
    return found


def _found(observed: Observed, band: float) -> list[Found]:
    """What differs, by stage."""
    found: list[Found] = []
    differing = [each for each in observed.setup if each.differs]
    if differing:
        first = differing[0]
        found.append(
            Found(stage="setup", where=first.name, sentence=f"{first.name}: {first.first} and {first.second}")
        )
    if any(observed.carried) and observed.carried[0] != observed.carried[1]:
        found.append(
            Found(stage="outputs", where="second batch", sentence="one keeps a state from batch to batch")
        )
    stages: list[tuple[Stage, list[Row]]] = [
        ("outputs", observed.outputs),
        ("loss", [observed.loss]),
        ("gradient", observed.gradient),
        ("update", observed.update),
    ]
    for stage, compared in stages:
        outside = next((each for each in compared if not each.difference <= band), None)
        if outside is not None:
            where = " ".join(
                part for part in (_place(stage, outside), outside.where.strip("[]") and outside.where) if part
            )
            found.append(Found(stage=stage, where=where, sentence=where, difference=outside.difference))
    leaves = observed.curve.leaves_at
    if leaves is not None:
        growth = band_of_growth(observed)
        observed.curve = growth
        leaves = growth.leaves_at
    if leaves is not None:
        apart = observed.curve.difference[leaves - 1]
        found.append(
            Found(stage="curve", where=f"update {leaves}", sentence=f"update {leaves}", difference=apart)
        )
    return found


def _place(stage: Stage, outside: Row) -> str:
    if stage == "outputs":
        return "the model's outputs" if outside.name == FINAL else f"layer {outside.name}"
    return "the loss" if stage == "loss" else outside.name
