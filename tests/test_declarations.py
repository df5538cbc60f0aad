"""What an adapter says of itself, read from its source without running any of it."""

from textwrap import dedent

import pytest

from adapters.declaration_reader import AdapterBroken, AdapterMissing, declaration
from adapters.interface import Declaration, ModelSpec, Sgd, TrainSpec
from tests.installed import ADAPTER, write


def test_nothing_is_run(tmp_path):
    path = write(tmp_path / "mine.py", ADAPTER, declared="cells=('lstm',), variables={'A': '1'}")
    path.write_text(path.read_text() + "\nraise SystemExit('imported')\n")
    assert declaration(f"{path}:Mine") == Declaration(cells=("lstm",), variables={"A": "1"})


def test_it_is_inherited_across_modules(tmp_path):
    path = write(
        tmp_path / "heir.py",
        "from adapters.torch_backend.adapter import TorchAdapter\nclass Heir(TorchAdapter): pass\n",
    )
    inherited = declaration(f"{path}:Heir")
    assert (inherited.distribution, inherited.devices) == ("torch", ("cpu", "cuda"))


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ("cells=('rnn',)", "cells is ('rnn',): it must be a tuple of 'elman' or 'lstm' or 'gru'"),
        ("cells=('gru',)", "resets is (): it must be a tuple of 'after' or 'before'"),
        ("dtypes=()", "dtypes is (): it must be a tuple of 'float32' or 'float64'"),
        ("devices='cpu'", "devices is 'cpu': it must be a tuple of"),
        ("variables={'A': 1}", "variables is {'A': 1}: it must be a dict"),
        ("expected_failures={'clipping': ' '}", "expected_failures is {'clipping': ' '}: it must be a dict"),
        ("kernels={'lstm': '('}", "kernels has '(': no regular expression: "),
        ("kernels={'rnn': 'a'}", "kernels is ('rnn',): it must be a tuple of 'elman' or 'lstm' or 'gru'"),
        ("distribution=1/0", "line 6: a declaration holds literals only"),
        ("cell=('lstm',)", "unexpected keyword argument 'cell'"),
    ],
)
def test_a_bad_one_is_one_line_with_its_place(tmp_path, declared, says):
    path = tmp_path / "mine.py"
    path.write_text(dedent(ADAPTER).replace("{declared}", declared))
    with pytest.raises(AdapterBroken) as refusal:
        declaration(f"{path}:Mine")
    assert str(refusal.value).startswith("mine.py, line 6: ")
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("no.such:Thing", "there is no module 'no.such'"),
        ("adapters.no_such:Thing", "there is no module 'adapters.no_such'"),
        ("nowhere.py:Thing", "there is no file 'nowhere.py'"),
        (
            "adapters.numpy_backend.adapter:Nmpy",
            "adapters.numpy_backend.adapter has no class 'Nmpy': its classes are ",
        ),
    ],
)
def test_what_is_not_there_is_named(target, says):
    with pytest.raises(AdapterMissing, match=says):
        declaration(target)


def test_modules_that_import_each_other_are_no_endless_search(tmp_path, monkeypatch):
    write(tmp_path / "chicken.py", "from egg import Bird\n")
    write(tmp_path / "egg.py", "from chicken import Bird\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AdapterBroken, match="imported in a circle"):
        declaration("chicken:Bird")


def test_an_unsupported_spec_names_what_is_declared():
    model = ModelSpec(cell="elman", inputs=1, hidden=1, outputs=1, loss="half_squared_error")
    with pytest.raises(ValueError, match="cell is 'elman': this adapter declares only lstm"):
        Declaration(cells=("lstm",)).check_supported(model, TrainSpec(optimizer=Sgd(learning_rate=0.1)))
