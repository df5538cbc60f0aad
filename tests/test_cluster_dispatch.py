"""Blocks given to the machines of a cluster: each counted once, whatever becomes of its machine."""

import pytest

from compare.cluster.dispatch import LOST, LOST_SECONDS, MOST_TRIES, STRAGGLER_SECONDS
from compare.cluster.messages import Answer, encode
from compare.cluster.pieces import NoMachines
from compare.cluster.presence import SILENT_SECONDS
from compare.cluster.scheduler import SchedulerLost
from compare.errors import UsageError
from tests.scripted_cluster import VERSIONS, Scripted, answered, facts


def fine(worker, message):
    return answered(message, on=worker)


def on(outcome):
    """The machine that a block's records are from."""
    (machine,) = {run.error for run in outcome.found.result.runs}
    return machine


def statuses(outcome):
    return [run.status for run in outcome.found.result.runs]


def only_first(does):
    """A machine that does this at first and then what it should."""
    left = [None]

    def once(worker, message):
        return does(worker, message) if left and left.pop() is None else fine(worker, message)

    return once


def test_each_block_runs_once_and_whole_on_one_machine(monkeypatch):
    cluster = Scripted(monkeypatch, fine)
    outcomes = cluster.run(7)
    for seed in range(7):
        assert cluster.tried(seed) == [on(outcomes[seed])]
        assert [run.seed for run in outcomes[seed].found.result.runs] == [seed, seed]


def test_a_machine_has_one_block_at_a_time(monkeypatch):
    cluster = Scripted(monkeypatch, lambda worker, message: None)
    ended = iter(cluster.dispatcher.outcomes([cluster.work(seed) for seed in range(5)]))
    monkeypatch.setattr(cluster.script, "ended", lambda seconds: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        next(ended)
    assert [worker for worker, _ in cluster.script.begun] == ["a", "b", "c"]
    assert cluster.script.called_off == ["a", "b", "c"], "what is under way ends with the run"


def test_a_block_whose_machine_is_lost_runs_elsewhere(monkeypatch):
    def does(worker, message):
        if worker == "a":
            del cluster.script.there["a"]
            return None
        return fine(worker, message)

    cluster = Scripted(monkeypatch, does)
    outcomes = cluster.run(3)
    assert outcomes[0].faults == (LOST,)
    assert cluster.tried(0)[0] == "a"
    assert len(cluster.tried(0)) == 2
    assert cluster.said == [f"seed 0: {LOST}; it is run elsewhere"]


def test_a_block_is_tried_on_three_machines_at_most_and_then_says_why(monkeypatch):
    def full(worker, message):
        return encode(Answer(lockstep="1", versions=VERSIONS, fault=f"the disk of {worker} is full"))

    cluster = Scripted(monkeypatch, full, **{name: facts() for name in "abcde"})
    outcome = cluster.run(1)[0]
    assert outcome.found is None
    assert outcome.faults == tuple(f"the disk of {worker} is full" for worker in cluster.tried(0))
    assert len(set(cluster.tried(0))) == MOST_TRIES == 3


def test_a_block_with_no_other_machine_to_try_does_not_wait_for_ever(monkeypatch):
    def breaks(worker, message):
        raise OSError("no space left on device")

    cluster = Scripted(monkeypatch, breaks, a=facts())
    assert cluster.run(2)[1].faults == ("OSError: no space left on device",)


@pytest.mark.parametrize(
    ("first", "fault"),
    [
        (lambda worker, message: b"\xc1", "a message cannot be read"),
        (
            lambda worker, message: encode(Answer(lockstep="2", versions=VERSIONS)),
            "it has Lockstep 2: this run is of 1",
        ),
        (
            lambda worker, message: encode(Answer(lockstep="1", versions={**VERSIONS, "torch": "4"})),
            "it has torch 4: this run is of 3",
        ),
        (
            lambda worker, message: answered(message, logs={"../../mine.log": "text"}),
            "a message cannot be read",
        ),
    ],
    ids=["garbled", "another Lockstep", "another framework", "a name that leaves the folder"],
)
def test_an_answer_that_cannot_be_used_is_no_result(monkeypatch, first, fault):
    outcome = Scripted(monkeypatch, only_first(first)).run(1)[0]
    assert statuses(outcome) == ["ok", "ok"]
    assert len(outcome.faults) == 1
    assert fault in outcome.faults[0]


def test_what_one_machine_lacks_is_tried_on_others(monkeypatch):
    lacks = only_first(lambda worker, message: answered(message, on="no torch", torch="unavailable"))
    outcome = Scripted(monkeypatch, lacks).run(1)[0]
    assert statuses(outcome) == ["ok", "ok"]
    assert outcome.faults == ("no torch",)


def test_what_every_machine_lacks_is_a_row_that_says_so(monkeypatch):
    cluster = Scripted(monkeypatch, lambda worker, message: answered(message, on=worker, torch="unavailable"))
    assert statuses(cluster.run(1)[0]) == ["ok", "unavailable"]
    assert len(cluster.tried(0)) == MOST_TRIES


def test_a_framework_that_no_machine_has_is_not_looked_for(monkeypatch):
    bare = {name: facts(versions={"numpy": "2", "torch": None}) for name in "ab"}

    def does(worker, message):
        return answered(message, on=worker, torch="unavailable")

    cluster = Scripted(monkeypatch, does, **bare)
    cluster.run(1, versions={"numpy": "2", "torch": None})
    assert len(cluster.tried(0)) == 1


def test_an_adapters_own_failure_is_a_result(monkeypatch):
    cluster = Scripted(monkeypatch, lambda worker, message: answered(message, on=worker, torch="failed"))
    assert statuses(cluster.run(1)[0]) == ["ok", "failed"]
    assert len(cluster.tried(0)) == 1


def test_what_a_lost_scheduler_had_begun_begins_once_more_and_is_no_fault(monkeypatch):
    lost = []

    def does(worker, message):
        if len(lost) < 5:
            lost.append(worker)
            cluster.script.lost = 3
            return None
        return fine(worker, message)

    cluster = Scripted(monkeypatch, does)
    outcomes = cluster.run(4)
    assert all(outcome.faults == () for outcome in outcomes.values())
    assert all(statuses(outcome) == ["ok", "ok"] for outcome in outcomes.values())


def test_a_scheduler_that_stays_lost_ends_the_run(monkeypatch):
    def does(worker, message):
        cluster.script.lost = 10**6

    cluster = Scripted(monkeypatch, does)
    with pytest.raises(SchedulerLost):
        cluster.run(1)
    assert LOST_SECONDS < cluster.script.clock < 2 * LOST_SECONDS


def test_a_network_that_is_cut_for_a_minute_costs_nothing(monkeypatch):
    """No answer for so long, and then all of them."""
    cluster = Scripted(monkeypatch, fine)
    script, answers = cluster.script, cluster.script.ended
    cut = script.clock + 60.0

    def ended(seconds):
        if script.clock < cut:
            script.clock += seconds
            return None
        return answers(seconds)

    monkeypatch.setattr(script, "ended", ended)
    monkeypatch.setattr(script, "workers", lambda: None if script.clock < cut else dict.fromkeys("abc", True))
    assert SILENT_SECONDS > 60
    outcomes = cluster.run(3)
    assert len(script.begun) == 3
    assert all(outcome.faults == () for outcome in outcomes.values())


def test_a_cluster_without_machines_is_waited_for_and_then_given_up(monkeypatch):
    def does(worker, message):
        cluster.script.there.clear()

    cluster = Scripted(monkeypatch, does)
    with pytest.raises(NoMachines):
        cluster.run(1)


def test_a_machine_that_joins_later_gets_what_waits(monkeypatch):
    def does(worker, message):
        cluster.script.there = {"late": facts()}
        return fine(worker, message) if worker == "late" else None

    cluster = Scripted(monkeypatch, does, a=facts())
    outcomes = cluster.run(2)
    assert {on(outcome) for outcome in outcomes.values()} == {"late"}


def test_a_straggler_is_begun_on_an_idle_machine_and_whichever_ends_first_counts(monkeypatch):
    def does(worker, message):
        return None if worker == "a" else fine(worker, message)

    cluster = Scripted(monkeypatch, does)
    outcomes = cluster.run(6)
    assert cluster.tried(0)[0] == "a"
    assert on(outcomes[0]) in {"b", "c"}
    assert cluster.script.called_off == ["a"], "the one that has not ended is wanted no more"
    assert cluster.script.clock > STRAGGLER_SECONDS


def test_a_result_that_comes_again_counts_no_more(monkeypatch):
    """A straggler's own result, which comes as the other's does."""
    late = []

    def does(worker, message):
        if worker == "a" and not late:
            late.append(message)
            return None
        return fine(worker, message)

    cluster = Scripted(monkeypatch, does)
    called_off = cluster.script.call_off

    def too_late(number):
        called_off(number)
        cluster.script.say(number, answered(late[0], on="a, late"))

    monkeypatch.setattr(cluster.script, "call_off", too_late)
    assert "a, late" not in {on(outcome) for outcome in cluster.run(6).values()}


def test_machines_that_differ_take_no_part_and_a_line_says_why(monkeypatch):
    there = {
        "old": facts(lockstep="0"),
        "a": facts(),
        "b": facts(),
        "other": facts(versions={**VERSIONS, "torch": "4"}),
        "bare": facts(versions={**VERSIONS, "torch": None}),
        "small": facts(cores=1),
    }
    cluster = Scripted(monkeypatch, fine, threads=2, **there)
    assert set(cluster.machines.here) == {"a", "b"}
    assert cluster.said == [
        "old takes no part: it has Lockstep 0, and here is 1",
        "other takes no part: torch 4, and 3 on the others",
        "bare takes no part: torch is missing, and 3 on the others",
        "small takes no part: --threads is 2, and it has 1 usable cores",
    ]


def test_a_run_goes_on_with_the_versions_that_it_had(monkeypatch):
    newer = facts(versions={**VERSIONS, "torch": "4"})
    there = {"a": newer, "b": newer, "c": facts()}
    assert set(Scripted(monkeypatch, fine, before=VERSIONS, **there).machines.here) == {"c"}
    assert set(Scripted(monkeypatch, fine, **there).machines.here) == {"a", "b"}


def test_workers_of_one_machine_share_it(monkeypatch):
    apart = Scripted(monkeypatch, fine, a=facts(host="one"), b=facts(host="two"))
    assert not apart.machines.shared
    assert Scripted(monkeypatch, fine).machines.shared


@pytest.mark.parametrize(
    ("there", "resource", "says"),
    [
        ({}, True, "no worker is connected to here: start some with: dask worker here "),
        ({"a": facts()}, False, "no worker of here has the resource block=1: start them with: dask worker "),
        ({"a": facts(lockstep="0")}, True, "no machine of the cluster can take part: a: it has Lockstep 0"),
    ],
)
def test_a_cluster_that_can_do_nothing_is_refused(monkeypatch, there, resource, says):
    with pytest.raises(UsageError) as refused:
        Scripted(monkeypatch, fine, there=there, resource=resource)
    assert says in str(refused.value)
    if "can take part" not in says:
        assert str(refused.value).endswith("dask worker here --nthreads 1 --resources block=1")
