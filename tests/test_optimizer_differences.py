"""Every cell of `adapters/OPTIMIZERS.md`: formulas, defaults, and what to write, beside the libraries.

The page is read: what stands in a cell is looked up among formulas of NumPy, in a signature, or run.
"""

import ast
import importlib
import inspect
import re
from collections import defaultdict

import numpy as np
import pytest

from adapters.interface import rate_at
from tests import optimizer_clipping, optimizer_formulas, optimizer_rates
from tests.groups import of_framework
from tests.optimizer_formulas import FALLING, RATE
from tests.optimizer_libraries import START, gradients, of_keras, of_optax, of_torch, ours
from tests.optimizer_page import NOTHING, PAGE, each_cell, table

EXACT, IN_FLOAT32, APART = 1e-13, 1e-6, 1e-8
MODULES = {
    "here": "adapters.interface",
    "torch": "torch.optim",
    "keras": "keras.optimizers",
    "optax": "optax",
}


def by_formula(formula):
    """The parameters after each update, by a formula alone."""
    theta, kept, values = START, defaultdict(float), []
    for n, gradient in enumerate(gradients()):
        theta = formula(theta, gradient, rate_at(FALLING, n), n + 1, kept)
        values.append(theta)
    return np.array(values)


def by_library(column, rule):
    if column == "here":
        return ours(rule)
    named = getattr(importlib.import_module(MODULES[column]), rule.name)
    return {
        "torch": lambda: of_torch(lambda parameters: named(parameters, RATE, **rule.values), falling),
        "keras": lambda: of_keras(named(RATE, **rule.values), falling),
        "optax": lambda: of_optax(named(falling, **rule.values)),
    }[column]()


def falling(n):
    return RATE * 0.5**n


def assert_same(came, expected, tolerance=EXACT):
    np.testing.assert_allclose(came, expected, rtol=tolerance, atol=tolerance)


@each_cell("Formulas")
def test_a_rule_moves_parameters_as_its_cell_says(row, column, cell):
    formulas = optimizer_formulas.ROWS[row].formulas
    came = by_library(column, getattr(optimizer_formulas.ROWS[row], column))
    assert_same(came, by_formula(formulas[cell]))
    for text, other in formulas.items():
        if text != cell:
            assert np.abs(came - by_formula(other)).max() > APART, text


@each_cell("Clipping")
def test_gradients_are_clipped_as_a_cell_says(row, column, cell):
    came = optimizer_clipping.ROWS[row][column](optimizer_clipping.GRADIENTS)
    expected = optimizer_clipping.FORMULAS[cell](optimizer_clipping.GRADIENTS)
    for gradient, clipped in zip(came, expected, strict=True):
        np.testing.assert_allclose(gradient, clipped, rtol=EXACT)


@each_cell("Rates")
def test_a_rate_is_what_its_cell_says(row, column, cell):
    updates, rates = optimizer_rates.ROWS[row]
    tolerance = IN_FLOAT32 if column == "keras" and row != "the number 0.1" else EXACT
    for n in updates:
        assert rates[column](n) == pytest.approx(optimizer_rates.FORMULAS[cell](n), rel=tolerance)


@each_cell("Defaults")
def test_a_default_is_what_its_cell_says(row, column, cell):
    call = ast.parse(cell.strip("`"), mode="eval").body
    ((option, value),) = ((each.arg, ast.literal_eval(each.value)) for each in call.keywords)
    named = getattr(importlib.import_module(MODULES[column]), call.func.id)
    assert inspect.signature(named).parameters[option].default == value


def written(column, code):
    """The parameters after each update by what a cell says is to be written."""

    def rule(parameters=None):
        return eval(code, {**vars(importlib.import_module(MODULES[column])), "parameters": parameters})

    return {
        "here": lambda: ours(rule()),
        "torch": lambda: of_torch(rule, constant),
        "keras": lambda: of_keras(rule(), constant),
        "optax": lambda: of_optax(rule()),
    }[column]()


def constant(n):
    return 0.01


@each_cell("What to write")
def test_what_is_to_be_written_gives_the_same_numbers(row, column, cell):
    expected = written("here", table("What to write")[row]["here"].strip("`"))
    assert_same(written(column, cell.strip("`")), expected, IN_FLOAT32 if column == "keras" else EXACT)


@of_framework("torch")
@pytest.mark.parametrize("row", ["Adam", "AdamW"])
def test_what_is_to_stand_before_an_update_of_pytorchs_adam_gives_the_same_numbers(row):
    (line,) = re.findall(r"`(for group in [^`]*)`", PAGE.read_text(encoding="utf-8"))
    optim, kept = importlib.import_module("torch.optim"), []
    options = {"AdamW": {"weight_decay": 0.1}, "Adam": {}}[row]

    def build(parameters):
        kept.append(getattr(optim, row)(parameters, lr=0.01, **options))
        return kept[0]

    def before(n):
        exec(line, {"optimizer": kept[0], "t": n + 1})
        return 0.01

    assert_same(of_torch(build, before), written("here", table("What to write")[row]["here"].strip("`")))


def rows_of(heading):
    """Row -> the columns that a library is shown in, by the tables of this folder."""
    return {
        "Formulas": {
            name: {column for column in MODULES if getattr(row, column) is not None}
            for name, row in optimizer_formulas.ROWS.items()
        },
        "Clipping": {name: set(columns) for name, columns in optimizer_clipping.ROWS.items()},
        "Rates": {name: set(columns) for name, (_, columns) in optimizer_rates.ROWS.items()},
    }[heading]


@pytest.mark.parametrize("heading", ["Formulas", "Clipping", "Rates"])
def test_the_rows_of_the_page_are_those_that_are_tested(heading):
    """Also that a dash stands where, and only where, there is nothing to be shown."""
    shown = {
        name: {column for column, cell in cells.items() if cell != NOTHING}
        for name, cells in table(heading).items()
    }
    assert shown == rows_of(heading)


def test_every_formula_stands_on_the_page():
    def cells(heading):
        return {cell for columns in table(heading).values() for cell in columns.values()} - {NOTHING}

    assert cells("Formulas") == {text for row in optimizer_formulas.ROWS.values() for text in row.formulas}
    assert cells("Clipping") == {*optimizer_clipping.FORMULAS}
    assert cells("Rates") == {*optimizer_rates.FORMULAS}


def moved_biases_of_torch(torch, name):
    torch.manual_seed(0)
    layer = getattr(torch.nn, name)(3, 4, dtype=torch.float64)
    before = (layer.bias_ih_l0 + layer.bias_hh_l0).detach().clone()
    layer(torch.ones(2, 3, dtype=torch.float64))[0].sum().backward()
    torch.optim.SGD(layer.parameters(), lr=0.1).step()
    moved = (layer.bias_ih_l0 + layer.bias_hh_l0).detach() - before
    return moved / (-0.1 * layer.bias_ih_l0.grad)


@of_framework("torch")
def test_the_sum_of_the_two_biases_that_pytorch_trains_moves_twice_as_far():
    torch = pytest.importorskip("torch")
    np.testing.assert_allclose(moved_biases_of_torch(torch, "LSTM"), 2.0, rtol=1e-9)
    reset_and_update = moved_biases_of_torch(torch, "GRU")[:8]
    np.testing.assert_allclose(reset_and_update, 2.0, rtol=1e-9)


@of_framework("tensorflow")
def test_so_does_that_of_the_two_that_keras_gru_trains_and_its_lstm_has_one():
    keras, tensorflow = pytest.importorskip("keras"), pytest.importorskip("tensorflow")
    inputs = np.random.default_rng(0).normal(size=(2, 3, 3))
    gru = keras.layers.GRU(4, dtype="float64")
    with tensorflow.GradientTape() as tape:
        total = keras.ops.sum(gru(inputs))
    gradient = tape.gradient(total, gru.trainable_variables[-1].value).numpy()
    assert gradient.shape == (2, 12)
    np.testing.assert_allclose(gradient[0, :8], gradient[1, :8], rtol=1e-9)
    lstm = keras.layers.LSTM(4, dtype="float64")
    lstm.build((2, 3, 3))
    assert lstm.trainable_variables[-1].shape == (16,)
