"""A choice that the contract gains later is refused by what does not know it, never taken for another one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from adapters import VARIANTS, default_names, open_adapter, specs, validation
from adapters.conformance.cases import Case, make_case
from adapters.conformance.reference import Reference
from adapters.declaration import Declaration
from adapters.interface import Adapter, ModelSpec, Sgd, TrainSpec, UnsupportedSpec
from adapters.parameters import draw, normal, shapes
from tests.filled_template import filled_template
from tests.groups import IN_PROCESS, each_adapter

ELMAN = make_case(
    ModelSpec(cell="elman", inputs=2, hidden=3, outputs=2, loss="half_squared_error"),
    TrainSpec(optimizer=Sgd(learning_rate=0.1), dtype="float64"),
    time_steps=2,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InventedOptimizer:
    """It has all that Adam has."""

    learning_rate: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class HeirOfSgd(Sgd):
    """It is an Sgd, and may mean anything."""


def with_gates(gates: int) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda contract: contract.setitem(specs.GATES, "gru2", gates)


def with_optimizer(kind: type) -> Callable[[pytest.MonkeyPatch], None]:
    return lambda contract: contract.setitem(specs.OPTIMIZERS, kind, "sgd")


def with_loss(contract: pytest.MonkeyPatch) -> None:
    known = validation._CHECK_TARGETS["half_squared_error"]
    contract.setitem(validation._CHECK_TARGETS, "absolute_error", known)


def with_readout(contract: pytest.MonkeyPatch) -> None:
    contract.setitem(specs._REQUIRE_LOSSES, "first", lambda *_: None)
    contract.setitem(validation._AXES_READ, "first", 1)


@dataclass(frozen=True, slots=True)
class Invention:
    """A value of a field that the contract knows, once it is extended; the frameworks may know it, too."""

    field: str
    value: Any
    extend: Callable[[pytest.MonkeyPatch], None] = lambda contract: None
    cell: str = "elman"

    @property
    def name(self) -> str:
        """What a refusal must name."""
        return self.value if isinstance(self.value, str) else type(self.value).__name__


INVENTIONS = {
    "a cell of one gate": Invention("cell", "gru2", with_gates(1)),
    "a cell of three gates": Invention("cell", "gru2", with_gates(3)),
    "a cell of four gates": Invention("cell", "gru2", with_gates(4)),
    "an Elman cell's activation": Invention("activation", "relu"),
    "an LSTM's activation": Invention("activation", "relu", cell="lstm"),
    "a loss": Invention("loss", "absolute_error", with_loss),
    "a readout": Invention("readout", "first", with_readout),
    "an optimizer": Invention("optimizer", InventedOptimizer(), with_optimizer(InventedOptimizer)),
    "an heir of an optimizer": Invention(
        "optimizer", HeirOfSgd(learning_rate=0.1), with_optimizer(HeirOfSgd)
    ),
}


DECLARED = ("cell", "optimizer")
"""The fields that a declaration names the values of."""


def smuggled(spec: Any, field: str, value: Any) -> Any:
    """The spec with a value that its own validation never saw."""
    changed = replace(spec)
    object.__setattr__(changed, field, value)
    return changed


def case_of(invention: Invention) -> Case:
    model, train = replace(ELMAN.model, cell=invention.cell), ELMAN.train
    if invention.field == "optimizer":
        train = smuggled(train, invention.field, invention.value)
    else:
        model = smuggled(model, invention.field, invention.value)
    parameters = draw(model, 0, dict.fromkeys(shapes(model), normal(0.5)))
    return replace(ELMAN, model=model, train=train, parameters=parameters)


VARIANTS_IN_PROCESS = [name for name in VARIANTS if name in IN_PROCESS]


@pytest.fixture(
    params=[
        *each_adapter(default_names()),
        *each_adapter(VARIANTS_IN_PROCESS, (pytest.mark.exhaustive,)),
        "reference",
        "template",
    ]
)
def adapter_type(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> type[Adapter]:
    match request.param:
        case "reference":
            return Reference
        case "template":
            return filled_template(tmp_path, monkeypatch)
        case name:
            return open_adapter(name)


@pytest.mark.parametrize("invention", INVENTIONS.values(), ids=INVENTIONS)
def test_an_adapter_refuses_what_it_does_not_know(
    adapter_type: type[Adapter], invention: Invention, monkeypatch: pytest.MonkeyPatch
):
    invention.extend(monkeypatch)
    monkeypatch.setattr(Declaration, "check_supported", lambda *_: None)
    case = case_of(invention)
    with pytest.raises((ValueError, KeyError)) as refusal:
        case.start(adapter_type).train(case.batches)
    assert invention.name in str(refusal.value)


def test_an_adapter_trains_on_the_same_case_without_an_invention(
    adapter_type: type[Adapter], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Declaration, "check_supported", lambda *_: None)
    assert ELMAN.start(adapter_type).train(ELMAN.batches).shape == (1,)


def test_training_refuses_an_heir_of_an_optimizer():
    with pytest.raises(ValueError, match=r"optimizer is HeirOfSgd\(.*\): it must be .*, not of a subclass"):
        TrainSpec(optimizer=HeirOfSgd(learning_rate=0.1))


@pytest.mark.parametrize("name", [name for name, each in INVENTIONS.items() if each.field in DECLARED])
def test_the_declaration_refuses_cells_and_optimizers_that_are_not_declared(
    name: str, monkeypatch: pytest.MonkeyPatch
):
    invention = INVENTIONS[name]
    with monkeypatch.context() as contract:
        invention.extend(contract)
        case = case_of(invention)
    with pytest.raises(
        UnsupportedSpec, match=rf"{invention.field} is .*{invention.name}.*: this adapter decl"
    ):
        Declaration().check_supported(case.model, case.train)
