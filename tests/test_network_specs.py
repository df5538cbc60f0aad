"""What specs of networks, update rules and schedules allow and refuse, and how their parameters are named."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from adapters import default_names, open_adapter
from adapters.conformance.cases import make_case
from adapters.interface import (
    Adam,
    AdamW,
    Cosine,
    Exponential,
    ModelSpec,
    RmsProp,
    Sgd,
    TrainSpec,
    rate_at,
)
from adapters.parameters import draw, normal, shapes
from compare.runner.protocol import train_from_plain, train_to_plain
from tests.groups import each_adapter

GRU = ModelSpec(cell="gru", inputs=3, hidden=4, outputs=2, loss="half_squared_error")
COSINE = Cosine(peak=0.1, updates=10, warm_up=4, floor=0.02)
EXPONENTIAL = Exponential(start=0.1, decay=0.5, every=4)
TRAIN = TrainSpec(optimizer=Sgd(learning_rate=0.1))


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        (GRU, {"layers": 0}),
        (GRU, {"layers": 1.0}),
        (GRU, {"bidirectional": 1}),
        (GRU, {"reset": "between"}),
        (replace(GRU, cell="lstm"), {"reset": "before"}),
        (GRU, {"activation": "sigmoid"}),
        (COSINE, {"warm_up": 10}),
        (COSINE, {"warm_up": -1}),
        (COSINE, {"updates": 0}),
        (COSINE, {"peak": 0.0}),
        (COSINE, {"floor": 0.2}),
        (COSINE, {"floor": -0.1}),
        (EXPONENTIAL, {"start": float("nan")}),
        (EXPONENTIAL, {"decay": 1.0}),
        (EXPONENTIAL, {"every": 0}),
        (Sgd(learning_rate=0.1), {"momentum": 1.0}),
        (Sgd(learning_rate=0.1), {"nesterov": True}),
        (Sgd(learning_rate=0.1, momentum=0.9), {"nesterov": "yes"}),
        (RmsProp(learning_rate=0.1), {"decay": 1.0}),
        (RmsProp(learning_rate=0.1), {"epsilon": 0.0}),
        (AdamW(learning_rate=0.1, weight_decay=0.1), {"weight_decay": -0.1}),
        (AdamW(learning_rate=0.1, weight_decay=0.1), {"beta2": 1.0}),
        (TRAIN, {"clip_norm": 0.0}),
        (replace(TRAIN, clip_value=1.0), {"clip_norm": 2.0}),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line_with_field_and_value(spec: Any, values: dict[str, Any]):
    ((field, value),) = values.items()
    with pytest.raises(ValueError, match=rf"^{field} is ") as refusal:
        replace(spec, **values)
    assert str(refusal.value).startswith(f"{field} is {value!r}: ")
    assert "\n" not in str(refusal.value)


def test_decay_belongs_to_adamw_which_needs_it():
    with pytest.raises(TypeError, match="weight_decay"):
        Sgd(learning_rate=0.1, weight_decay=0.1)
    with pytest.raises(TypeError, match="weight_decay"):
        AdamW(learning_rate=0.1)


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (COSINE, {0: 0.025, 3: 0.1, 4: 0.1, 7: 0.06, 10: 0.02, 1000: 0.02}),
        (replace(COSINE, warm_up=0), {0: 0.1, 5: 0.06, 10: 0.02, 11: 0.02}),
        (EXPONENTIAL, {0: 0.1, 2: 0.1 * 0.5**0.5, 4: 0.05, 8: 0.025}),
        (0.1, {0: 0.1, 1000: 0.1}),
    ],
)
def test_a_rate_is_a_function_of_the_number_of_the_update(schedule: Any, rates: dict[int, float]):
    for update, rate in rates.items():
        assert rate_at(schedule, update) == pytest.approx(rate, rel=1e-14)
        assert type(rate_at(schedule, update)) is float


RULES = (
    Sgd(learning_rate=COSINE, momentum=0.9),
    RmsProp(learning_rate=EXPONENTIAL, decay=0.8, epsilon=1e-6),
    Adam(learning_rate=0.01),
    AdamW(learning_rate=0.01, weight_decay=0.1),
)


def of_numpy(spec: Any) -> Any:
    """The spec with a scalar of NumPy's for every number."""
    kinds = {int: np.int64, float: np.float64}
    values = {field.name: getattr(spec, field.name) for field in fields(spec)}
    return replace(spec, **{name: kinds[type(v)](v) for name, v in values.items() if type(v) in kinds})


@pytest.mark.parametrize(
    "spec",
    [GRU, COSINE, EXPONENTIAL, *RULES, replace(TRAIN, update_every=3, backprop_through=2, clip_value=1.0)],
    ids=lambda spec: type(spec).__name__,
)
def test_numbers_of_numpys_are_kept_as_pythons(spec: Any):
    taken = of_numpy(spec)
    assert taken == spec
    for field in fields(spec):
        assert type(getattr(taken, field.name)) is type(getattr(spec, field.name))


@pytest.mark.parametrize("name", each_adapter(name for name in default_names() if name in ("numpy", "jax")))
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_numbers_of_numpys_train_as_pythons_do(name: str, rule: Any):
    rule = replace(rule, learning_rate=COSINE)
    of_numbers = replace(of_numpy(rule), learning_rate=of_numpy(COSINE))
    train = replace(TRAIN, optimizer=of_numbers, clip_value=np.float64(0.5))
    case = make_case(of_numpy(GRU), train, rows=2)
    plain = replace(case, model=GRU, train=replace(train, optimizer=rule, clip_value=0.5))
    losses, expected = (each.start(open_adapter(name)).train(case.batches) for each in (case, plain))
    assert losses.dtype == np.float32
    assert np.array_equal(losses, expected)


def test_parameters_are_named_and_ordered_layer_by_layer():
    assert list(shapes(replace(GRU, layers=2, bidirectional=True)).items()) == [
        ("input_kernel", (3, 12)),
        ("recurrent_kernel", (4, 12)),
        ("bias", (12,)),
        ("candidate_bias", (4,)),
        ("input_kernel_reverse", (3, 12)),
        ("recurrent_kernel_reverse", (4, 12)),
        ("bias_reverse", (12,)),
        ("candidate_bias_reverse", (4,)),
        ("input_kernel_l1", (8, 12)),
        ("recurrent_kernel_l1", (4, 12)),
        ("bias_l1", (12,)),
        ("candidate_bias_l1", (4,)),
        ("input_kernel_l1_reverse", (8, 12)),
        ("recurrent_kernel_l1_reverse", (4, 12)),
        ("bias_l1_reverse", (12,)),
        ("candidate_bias_l1_reverse", (4,)),
        ("readout_kernel", (8, 2)),
        ("readout_bias", (2,)),
    ]


@pytest.mark.parametrize("changed", [{"reset": "before"}, {"cell": "lstm"}])
def test_only_a_gru_that_resets_after_has_a_candidate_bias(changed: dict[str, Any]):
    assert "candidate_bias" not in shapes(replace(GRU, **changed))
    assert list(shapes(replace(GRU, bias=False))) == ["input_kernel", "recurrent_kernel", "readout_kernel"]


def test_further_layers_are_drawn_after_those_below():
    kinds = dict.fromkeys([*shapes(GRU)], normal(0.3))
    one, two = draw(GRU, 0, kinds), draw(replace(GRU, layers=2), 0, kinds)
    for name in ("input_kernel", "recurrent_kernel", "bias", "candidate_bias"):
        assert np.array_equal(one[name], two[name])
    assert not np.array_equal(one["readout_kernel"], two["readout_kernel"])


@pytest.mark.parametrize(
    "rule",
    [
        Sgd(learning_rate=COSINE, momentum=0.9, nesterov=True),
        RmsProp(learning_rate=EXPONENTIAL),
        Adam(learning_rate=0.1),
        AdamW(learning_rate=COSINE, weight_decay=0.0),
    ],
)
def test_training_reaches_a_worker_as_it_is(rule: Any):
    train = replace(TRAIN, optimizer=rule, clip_norm=1.0)
    assert train_from_plain(train_to_plain(train)) == train
