"""Tasks that others bring: run like any other, and found faulty before anything runs."""

from dataclasses import replace

import numpy as np
import pytest

from compare.runner.checked_task import evaluate as evaluate_task
from compare.runner.worker_process import WorkerFailed
from compare.storage.results import load
from tasks.interface import Confusion
from tasks.sine import SineOnline
from tests.commands import assert_refused, command
from tests.installed import ADAPTER, TASK, install, task_with, write
from tests.reports import stored_text


def test_they_run_like_any_other_and_what_an_adapter_does_not_support_is_no_failure(site):
    write(site / "toys.py", TASK)
    write(site / "half.py", ADAPTER, declared="cells=('lstm',), dtypes=('float32',)")
    install(site, "toys-pack", "lockstep.tasks", doubling="toys:Doubling", lost="toys:Lost")
    install(site, "half-pack", "lockstep.adapters", half="half:Mine")
    assert "toys-pack 1.0" in command("list", columns=160).out
    options = ("--adapters", "numpy,half", "--epochs", 1, "--rounds", 2, "--threads", 1, "--out", "report")
    ended = command("run", "doubling", "sine-lstm", *options)
    assert ended.code == 0, ended
    out = site.parent / "report"
    results = load(out)
    assert {(run.task, run.adapter): run.status for run in results.runs} == {
        ("doubling", "numpy"): "ok",
        ("doubling", "half"): "unsupported",
        ("sine-lstm", "numpy"): "ok",
        ("sine-lstm", "half"): "ok",
    }
    assert {proof.verdict for proof in results.proofs if proof.adapter == "numpy"} == {"in lockstep"}
    assert {proof.status for proof in results.proofs if proof.adapter == "half"} == {"unsupported"}
    says = "**unsupported**: cell is 'elman': this adapter declares only lstm"
    assert says in stored_text(out)
    refused = command("run", "lost", "--adapters", "numpy")
    assert_refused(refused, "error: task 'lost', toys:Lost of toys-pack 1.0: AttributeError")


FAULTY = {
    "wrong shape": ("inputs=1,", "inputs=2,", "inputs have shape (8, 1, 1): expected (N, T, 2)"),
    "huge batch": ("batch_size = 2", "batch_size = 9", "batch_size is 9: there are 8 sequences"),
    "no metric": ("metrics = (Metric", "metrics = ()\n        unused = (Metric", "metrics is empty"),
    "no target": ("target=0.1", "target=float('nan')", "target of rmse is nan: it must be a finite number"),
    "no unit": ('unit=""', "unit=None", "Expected `str`, got `null` - at `$[0].unit`"),
    "no such batches": (
        "def dataset",
        "def batches(self, *_, **__):\n            return np.array([[7, 8]])\n\n        def dataset",
        "batches must hold whole numbers from 0 to 7",
    ),
    "no summary": ("summary =", "words =", "has no attribute 'summary'"),
    "no batches": (
        "def dataset",
        "def batches(self, *_, **__):\n            return [[0, 1]]\n\n        def dataset",
        "batches have shape (): expected (S, 2), S at least 1",
    ),
    "no time": (
        "batch_size = 2",
        "batch_size = 2\n        timeout_seconds = 0",
        "timeout_seconds is 0: it must",
    ),
    "no data": ('name="eight numbers"', "name=1 / 0", "ZeroDivisionError: division by zero"),
    "no start": ("normal(0.5))", "normal(0.5))\n        initializers = {}", "KeyError: 'input_kernel'"),
    "no import": ("import numpy", "import nmupy", "ModuleNotFoundError: No module named 'nmupy'"),
}


@pytest.mark.parametrize(
    "line", [("run", "doubling"), ("check", "numpy", "--tasks", "doubling", "--quick")], ids=["run", "check"]
)
@pytest.mark.parametrize(("right", "wrong", "says"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_one_is_found_before_anything_runs(site, line, right, wrong, says):
    write(site / "toys.py", task_with(right, wrong))
    install(site, "toys-pack", "lockstep.tasks", doubling="toys:Doubling")
    refused = command(*line)
    assert_refused(refused, says)
    assert refused.err.startswith("error: task 'doubling'")
    assert refused.err.endswith(
        "; to go on without it, name the others: run TASK …, or check --tasks TASK,…\n"
    )
    assert [path.name for path in site.parent.iterdir() if path.name != "site"] in ([], ["reports"])


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("def epochs(self, preset, key)", "def epochs(self)", "TypeError: "),
        (
            "def seeds(self, preset):\n",
            "def seeds(self, preset):\n            raise KeyError(preset)\n",
            "KeyError",
        ),
        (
            "return 1\n\n        def seeds",
            "return 1.5\n\n        def seeds",
            "epochs is 1.5: it must be a whole number",
        ),
        (
            "return 1\n\n        def evaluate",
            "return 0\n\n        def evaluate",
            "seeds is 0: it must be a whole",
        ),
    ],
)
def test_so_is_one_that_cannot_say_how_much_is_trained(site, right, wrong, says):
    write(site / "toys.py", task_with(right, wrong))
    install(site, "toys-pack", "lockstep.tasks", doubling="toys:Doubling")
    refused = command("run", "doubling")
    assert_refused(refused, says)
    assert refused.err.startswith("error: task 'doubling': ")


class Evaluating(SineOnline):
    """Evaluates as it is told to."""

    def __init__(self, evaluate):
        self.evaluate = lambda predict, dataset: evaluate(super(Evaluating, self).evaluate(predict, dataset))


def raises(evaluation):
    raise KeyError("no\nsuch metric")


@pytest.mark.parametrize(
    ("evaluate", "says"),
    [
        (raises, "KeyError: 'no\\nsuch metric'"),
        (lambda right: replace(right, metrics={}), "the metric rmse is missing"),
        (lambda right: replace(right, metrics={"rmse": float("nan")}), "the metric rmse is nan"),
        (
            lambda right: replace(right, metrics={"rmse": np.float32(1)}),
            "TypeError: Encoding objects of type numpy",
        ),
        (lambda right: None, "AttributeError: 'NoneType' object has no attribute 'metrics'"),
        (
            lambda right: replace(right, picture=replace(right.picture, x=(1.0,))),
            "ValueError: a forecast has 1 x",
        ),
        (
            lambda right: replace(right, metrics=right.metrics | {"other": float("inf")}),
            "not all is finite: Expected `float`, got `null` - at `$[...]`",
        ),
        (
            lambda right: replace(
                right, picture=replace(right.picture, x=(float("nan"), *right.picture.x[1:]))
            ),
            "not all is finite: Expected `float`, got `null` - at `$.x[0]`",
        ),
        (
            lambda right: replace(right, picture=Confusion(labels=("a",), counts=((1, 2), (3,)))),
            "ValueError: a confusion of 1 labels has rows of other lengths",
        ),
        (lambda right: replace(right, picture=None), "not all is finite: Expected `object`, got `null`"),
    ],
)
def test_one_that_cannot_evaluate_is_a_failure_of_that_row(evaluate, says):
    task = Evaluating(evaluate)
    dataset = task.dataset("computed")
    with pytest.raises(WorkerFailed) as failure:
        evaluate_task(task, lambda inputs: np.zeros((*inputs.shape[:2], 1)), dataset)
    assert failure.value.status == "failed"
    assert str(failure.value).startswith(f"evaluate of task sine-online: {says}")


BATCHES = """def batches(self, sequences, seed, epoch):
            {fault}
            return super().batches(sequences, seed, epoch)

        def dataset"""
LATE = {
    "late": ("if epoch: raise KeyError(epoch)", "batches of epoch 1, seed 0, of task late: KeyError: 1"),
    "later": (
        "if epoch > 1: return np.zeros((0, 2), int)",
        "batches of epoch 2, seed 0, of task later: Value",
    ),
}


def test_one_that_fails_once_it_is_trained_on_ends_no_run(site):
    """Without batches for a later epoch, or while it evaluates."""
    for name, (fault, _) in LATE.items():
        text = task_with("def dataset", BATCHES.format(fault=fault)).replace('"doubling"', f'"{name}"')
        write(site / f"{name}_module.py", text)
    evaluating = task_with("metrics={", "metrics=1 / 0 and {").replace('"doubling"', '"evaluating"')
    write(site / "evaluating_module.py", evaluating)
    tasks = [*LATE, "evaluating"]
    install(site, "pack", "lockstep.tasks", **{name: f"{name}_module:Doubling" for name in tasks})
    options = ("--adapters", "numpy", "--epochs", 2, "--rounds", 2, "--threads", 1, "--out", "report")
    ended = command("run", *tasks, "sine-online", *options)
    assert ended.code == 1, ended
    assert "Traceback" not in ended.out + ended.err
    out = site.parent / "report"
    results = load(out)
    by_task = {run.task: run for run in results.runs}
    assert {name: run.status for name, run in by_task.items()} == {
        **dict.fromkeys(tasks, "failed"),
        "sine-online": "ok",
    }
    for name, (_, says) in LATE.items():
        assert says in by_task[name].error
        assert {proof.status for proof in results.proofs if proof.task == name} == {"failed"}
    assert "evaluate of task evaluating: ZeroDivisionError" in stored_text(out)
