"""Whatever is chosen in the specs, together with whatever else: each adapter beside the reference."""

from itertools import combinations, product
from random import Random

import pytest

from adapters import open_adapter
from adapters.conformance.cases import make_case
from adapters.conformance.comparison import compare_predictions, compare_training
from adapters.interface import (
    Adam,
    AdamW,
    Cosine,
    Exponential,
    ModelSpec,
    RmsProp,
    Sgd,
    TrainSpec,
)
from tests.groups import COMPLETE, each_adapter
from tests.pairwise import covering

KINDS = {
    "lstm": {"cell": "lstm"},
    "elman": {"cell": "elman"},
    "elman-sigmoid": {"cell": "elman", "activation": "sigmoid"},
    "gru": {"cell": "gru"},
    "gru-before": {"cell": "gru", "reset": "before"},
}
RULES = {
    "sgd": lambda rate: Sgd(learning_rate=rate),
    "momentum": lambda rate: Sgd(learning_rate=rate, momentum=0.9),
    "nesterov": lambda rate: Sgd(learning_rate=rate, momentum=0.9, nesterov=True),
    "rmsprop": lambda rate: RmsProp(learning_rate=rate, epsilon=1e-3),
    "adam": lambda rate: Adam(learning_rate=rate, epsilon=1e-3),
    "adamw": lambda rate: AdamW(learning_rate=rate, epsilon=1e-3, weight_decay=0.1),
}
RATES = {
    "constant": 0.1,
    "cosine": Cosine(peak=0.1, updates=4, warm_up=2, floor=0.01),
    "exponential": Exponential(start=0.1, decay=0.5, every=2),
}
CHOICES = {
    "kind": tuple(KINDS),
    "layers": (1, 2),
    "bidirectional": (False, True),
    "bias": (True, False),
    "readout": ("last", "every"),
    "loss": ("half_squared_error", "softmax_cross_entropy"),
    "ragged": (False, True),
    "rule": tuple(RULES),
    "rate": tuple(RATES),
    "truncated": (False, True),
    "clipping": (None, "clip_value", "clip_norm"),
}
DRAWN = 200


def allowed(chosen):
    return not (chosen["bidirectional"] and chosen["truncated"])


def drawn():
    """So many of all allowed combinations, of which there are 25,920; the same ones every time."""
    random, found = Random(0), []
    while len(found) < DRAWN:
        chosen = {field: random.choice(values) for field, values in CHOICES.items()}
        found += [chosen] if allowed(chosen) else []
    return found


def case_of(chosen):
    model = ModelSpec(
        inputs=2,
        hidden=3,
        outputs=2,
        **KINDS[chosen["kind"]],
        **{field: chosen[field] for field in ("layers", "bidirectional", "bias", "readout", "loss")},
    )
    every, steps = chosen["readout"] == "every", 2 if chosen["truncated"] else None
    train = TrainSpec(
        optimizer=RULES[chosen["rule"]](RATES[chosen["rate"]]),
        update_every=steps if every else None,
        backprop_through=None if every else steps,
        dtype="float64",
        **({chosen["clipping"]: 0.05} if chosen["clipping"] else {}),
    )
    return make_case(model, train, rows=4, time_steps=4, ragged=chosen["ragged"])


def described(chosen):
    """Its values; of what is on or off, the name of what is on."""
    said = {field: field if value is True else value for field, value in chosen.items()}
    return "-".join(str(value) for value in said.values() if value)


PAIRS = covering(CHOICES, allowed)


def test_every_two_choices_meet_but_what_a_model_in_both_directions_refuses():
    met = {pair for chosen in PAIRS for pair in combinations(chosen.items(), 2)}
    two = combinations([[(field, value) for value in values] for field, values in CHOICES.items()], 2)
    every = {pair for one, other in two for pair in product(one, other)}
    assert every - met == {(("bidirectional", True), ("truncated", True))}


@pytest.mark.parametrize("chosen", PAIRS, ids=described)
@pytest.mark.parametrize(
    "name", each_adapter(["numpy", "torch"]) + each_adapter(["tensorflow", "jax"], [pytest.mark.exhaustive])
)
def test_every_pair_of_choices_agrees_with_the_reference(name, chosen):
    compare_predictions(open_adapter(name), case_of(chosen))
    compare_training(open_adapter(name), case_of(chosen))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", each_adapter(COMPLETE))
def test_two_hundred_combinations_drawn_of_all_agree_with_the_reference(name):
    """All of them would take hours."""
    for chosen in drawn():
        compare_training(open_adapter(name), case_of(chosen))
