"""Whatever goes wrong in one adapter costs its rows alone, is said plainly, and leaves nothing behind."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.chaos import TRAIN

from compare.storage.results import load
from tests.commands import CHAOS, finish, learned, marked

EPOCHS = 2
UPDATES = 100
RUN = ("run", "sine-window", "--adapters", f"numpy,{CHAOS}", "--epochs", EPOCHS, "--threads", 1)

FAULTS = {
    "raises": ("failed", "train: RuntimeError: the gradient went for a walk"),
    "raises like Keras": ("failed", "train: ValueError: ValueError: 3 is not 4"),
    "exits": ("failed", "train: the worker exited with code 3; its last words: so long"),
    "aborts": ("failed", "train: the worker was killed by SIGABRT"),
    "segfaults": ("failed", "train: the worker was killed by SIGSEGV"),
    "is killed": ("failed", "train: the worker was killed by SIGKILL (out of memory, or by hand?)"),
    "hogs memory": ("failed", r"train: used \d+ MiB: the limit is 200 MiB"),
    "hangs": ("timeout", "train: no answer within 12 s"),
    "floods its output": ("ok", None),
    "prints garbage": ("failed", "train: RuntimeError: after the garbage"),
    "meddles": ("ok", None),
    "leaves children": ("ok", None),
    "diverges": ("diverged", "the loss was nan at update 131"),
    "infinite parameter": ("diverged", "after update 100: input_kernel is not finite"),
    "missing parameter": ("failed", "parameters: expected input_kernel, recurrent_kernel, readout_kernel"),
    "never learns": ("failed", "no parameter has changed after update 100"),
    "wrong shape": ("failed", r"train returned float32 (1, 1): expected float32 (1,)"),
    "too few losses": ("failed", "train returned float32 (0,): expected float32 (1,)"),
    "wrong dtype": ("failed", "train returned float64 (1,): expected float32 (1,)"),
    "no array": ("failed", "train returned a list: expected float32 (1,)"),
    "not plain": ("failed", "train: the answer cannot be read: UnpicklingError: it holds a tests.chaos.NotP"),
    "not to be pickled": ("failed", "train: TypeError: cannot pickle 'generator' object"),
}
OPTIONS = {"hangs": ("--timeout", 12), "hogs memory": ("--memory-limit", 200)}


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """Every fault's command, two at a time, and one without a fault: exit code, words and results."""

    def end(fault):
        out = tmp_path_factory.mktemp("fault")
        arguments = (*RUN, *OPTIONS.get(fault, ()), "--out", out)
        code, said = finish(*arguments, mark=out, environment={"CHAOS": fault})
        return code, said, out

    with ThreadPoolExecutor(2) as pool:
        yield {fault: pool.submit(end, fault) for fault in ("", *FAULTS)}


def rows(out):
    return {run.adapter: run for run in load(out).runs}


def test_without_a_fault_the_chaos_adapter_does_what_numpys_does(ended):
    code, said, out = ended[""].result()
    assert code == 0, said
    runs = rows(out)
    assert learned(runs[CHAOS]) == learned(runs["numpy"])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_costs_its_own_row_alone(fault, ended):
    code, said, out = ended[fault].result()
    status, reason = FAULTS[fault]
    assert code == (0 if status == "ok" else 1), said
    assert "Traceback" not in said
    runs = rows(out)
    assert runs[CHAOS].status == status
    if reason is None:
        assert runs[CHAOS].error is None
    else:
        assert runs[CHAOS].error.startswith(reason) or re.match(reason, runs[CHAOS].error), runs[CHAOS].error
    assert learned(runs["numpy"]) == learned(rows(ended[""].result()[2])["numpy"])
    assert marked(out) == []


def test_the_report_has_the_last_lines_of_the_log_and_its_place(ended):
    _, _, out = ended["raises"].result()
    run = rows(out)[CHAOS]
    assert run.last_lines[-1] == "and did not come back"
    assert (out / run.log).read_text().splitlines()[-1] == "and did not come back"
    report = (out / "README.md").read_text()
    assert "    and did not come back" in report
    assert f"The last lines of {run.log}" in report


def test_a_flood_stays_in_the_log(ended):
    _, said, out = ended["floods its output"].result()
    assert (out / rows(out)[CHAOS].log).stat().st_size > 5_000_000
    assert len(said) < 10_000


def test_garbage_cannot_leave_its_block(ended):
    _, _, out = ended["prints garbage"].result()
    report = (out / "README.md").read_text()
    assert all(line.startswith("      ") for line in report.splitlines() if "<script>" in line)
    assert "\x1b" not in report


def test_a_diverged_run_keeps_its_curve_up_to_there(ended):
    _, _, out = ended["diverges"].result()
    assert [len(epoch.losses) for epoch in rows(out)[CHAOS].epochs] == [UPDATES, 30]


def test_no_fault_was_forgotten():
    assert TRAIN.keys() - FAULTS.keys() == {"hangs with children", "moves the folder"}
