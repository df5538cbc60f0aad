"""`new` writes an adapter that says what is missing, and passes once that is filled in."""

import pytest

from adapters.conformance import CHECKS, conforms, run
from tests.commands import assert_refused, command
from tests.filled_template import filled_template
from tests.installed import install


def test_what_is_missing_is_said_check_by_check(site):
    assert command("new", "toy").code == 0
    checked = command("check", "toy_adapter:ToyAdapter", "--quick", columns=200)
    assert checked.code == 1
    assert "forward_lstm failed: not written yet: _step, one time step of the cell" in checked.out
    again = command("new", "toy")
    assert_refused(again, "toy_adapter.py is there already, and nothing is overwritten")


def test_a_package_is_found_by_name_once_installed(site):
    assert command("new", "toy", "--package").code == 0
    folder = site.parent / "lockstep-toy"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {
        "lockstep_toy.py",
        "pyproject.toml",
        "tests/test_lockstep_toy.py",
    }
    assert 'toy = "lockstep_toy:ToyAdapter"' in (folder / "pyproject.toml").read_text()
    (folder / "lockstep_toy.py").rename(site / "lockstep_toy.py")
    install(site, "lockstep_toy", "lockstep.adapters", toy="lockstep_toy:ToyAdapter")
    assert "lockstep_toy 1.0" in command("list", columns=160).out


def test_what_is_written_passes_every_check_once_its_four_gaps_are_filled(tmp_path, monkeypatch):
    filled = filled_template(tmp_path, monkeypatch)
    outcomes = [run(check, filled) for check in CHECKS if check.name != "repeated_sequences"]
    assert conforms(outcomes)
    missing = {outcome.message for outcome in outcomes if outcome.status == "skipped"}
    assert all("this adapter d" in message for message in missing), missing  # declares only, does not declare
    simplest = (
        "forward_lstm",
        "gradients_elman_tanh",
        "adam_many_updates",
        "everything_at_once",
        "randomised",
    )
    assert {outcome.name for outcome in outcomes if outcome.status == "passed"} >= {*simplest}


@pytest.mark.parametrize(
    "name", ["", "2fast", "my-adapter", "a.b", "../up", "class", "_", "Ünicode", "Été", "an_été"]
)
def test_what_is_no_identifier_is_refused(site, name):
    refused = command("new", "--", name)
    assert_refused(
        refused,
        f"error: NAME is {name!r}: it must be a Python identifier that begins with a letter from a to z, "
        "and holds only such letters, digits and _\n",
    )
    assert [path.name for path in site.parent.iterdir()] == ["site"]


@pytest.mark.parametrize("options", [(), ("--package",)])
def test_a_name_too_long_for_a_file_is_refused(site, options):
    assert command("new", "a" * 80, *options).code == 0
    assert_refused(command("new", "a" * 300, *options), "NAME has 300 letters: it may have 80 at most")


@pytest.mark.usefixtures("site")
def test_a_name_that_is_taken_is_refused():
    assert_refused(
        command("new", "torch"), "NAME is 'torch': an adapter of this name is there already, from lockstep"
    )
