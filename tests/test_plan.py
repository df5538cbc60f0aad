"""From options to blocks: what was asked for reaches every one of them, and a task's seeds lie far apart."""

from dataclasses import replace
from pathlib import Path

import pytest

from compare.cli.options import settings
from compare.cli.plan import plan
from tests.commands import command


def blocks(*tasks, **options):
    return plan(replace(settings(**{"adapters": "numpy,torch", "threads": 1, **options}), tasks=tasks))


def test_options_reach_every_block():
    for block in blocks(
        "sine-online",
        "sine-lstm",
        epochs=7,
        seeds=2,
        rounds=11,
        warm_ups=3,
        timeout=12.5,
        memory_limit=100,
    ):
        assert block.adapters == ("numpy", "torch")
        assert (block.epochs, block.rounds, block.warm_ups, block.threads) == (7, 11, 3, 1)
        assert (block.timeout_seconds, block.memory_limit_bytes) == (12.5, 100 * 2**20)
        assert block.device == "cpu"


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ({}, "digits"),
        ({"data": "mnist"}, "mnist"),
        ({"mnist_archives": Path("archives")}, "auto"),
        ({"preset": "standard"}, "auto"),
    ],
)
def test_a_quick_run_has_the_digits_unless_mnist_is_asked_for(options, choice):
    assert settings(**options).data.choice == choice


def test_without_a_timeout_a_block_has_its_tasks():
    (block,) = blocks("sine-online", seeds=1)
    assert block.timeout_seconds > 0
    assert block.memory_limit_bytes is None


def test_every_task_has_its_first_seed_before_any_has_its_second():
    """So that a minute in which the machine is slow falls on one of a task's seeds at most."""
    order = [(block.task, block.seed) for block in blocks("sine-online", "sine-lstm", seeds=2)]
    assert order == [("sine-online", 0), ("sine-lstm", 0), ("sine-online", 1), ("sine-lstm", 1)]


def test_presets_ask_for_more_and_more():
    seeds = {preset: len(blocks("sine-online", preset=preset)) for preset in ("quick", "standard", "full")}
    rounds = {preset: blocks("sine-online", preset=preset)[0].rounds for preset in seeds}
    assert seeds == {"quick": 1, "standard": 3, "full": 10}
    assert rounds["quick"] < rounds["standard"] <= rounds["full"]


def test_few_seeds_have_more_processes_each():
    """The minimum detectable difference rests on how many processes there are, whatever the seeds."""

    def processes(seeds):
        return [block.processes for block in blocks("sine-online", preset="standard", seeds=seeds)]

    assert sum(processes(seeds=1)) == sum(processes(seeds=3)) == 6
    assert processes(seeds=20) == [1] * 20


def test_few_rounds_have_a_process_each():
    def parts(rounds):
        (block,) = blocks("sine-online", seeds=1, rounds=rounds)
        return block.processes, len(block.renewals) + 1

    assert [parts(rounds) for rounds in (2, 4, 5, 6)] == [(2, 2), (3, 3), (3, 3), (3, 3)]


def test_a_block_has_a_round_for_every_process():
    (block,) = blocks("sine-online", seeds=1, rounds=2)
    with pytest.raises(ValueError, match="processes is 3: each has a round at least, and rounds is 2"):
        replace(block, processes=3)


def test_in_a_self_test_every_adapter_takes_part_twice():
    (block,) = blocks("sine-online", self_test=True)
    assert block.twins == {"numpy (again)": "numpy", "torch (again)": "torch"}
    assert block.adapters == ("numpy", "torch", *block.twins)
    assert block.processes >= 6


def test_all_says_what_a_quick_run_leaves_out_and_takes_it_from_standard_on(monkeypatch):
    asked = []
    monkeypatch.setattr("compare.cli.run.compare", lambda settings, console: asked.append(settings) or 0)
    for preset in ("quick", "standard"):
        assert command("all", "--preset", preset).code == 0
    quick, standard = asked
    assert quick.left_out == ("adding", "life-expectancy")
    assert set(standard.tasks) == {*quick.tasks, *quick.left_out}
    assert standard.left_out == ()
