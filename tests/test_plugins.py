"""Adapters and tasks that others bring: found by name, read without being run, and refused in one line."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

import adapters
from adapters.conformance import CHECKS, run
from adapters.conformance.reference import Reference
from adapters.declaration_reader import AdapterBroken, AdapterMissing, declaration
from adapters.interface import Adapter, Declaration, ModelSpec, Sgd, TrainSpec
from compare.cli.options import adapter_names
from compare.runner.checked_task import judge
from compare.runner.worker_process import WorkerFailed
from compare.storage.results import load
from tasks.interface import Confusion
from tasks.sine import SineOnline

ROOT = Path(__file__).parents[1]

ADAPTER = """
    from adapters.interface import Declaration
    from adapters.numpy_backend.adapter import NumpyAdapter

    class Mine(NumpyAdapter):
        declaration = Declaration({declared})
"""

TASK = """
    import numpy as np

    from adapters.interface import ModelSpec, Sgd, TrainSpec
    from adapters.parameters import normal
    from tasks.interface import Dataset, Evaluation, Forecast, Metric, Task

    class Doubling(Task):
        name = "doubling"
        summary = "An Elman network doubles a number."
        source = "a test"
        model = ModelSpec(cell="elman", inputs=1, hidden=3, outputs=1, loss="half_squared_error", bias=False)
        train = TrainSpec(optimizer=Sgd(learning_rate=0.1))
        batch_size = 2
        metrics = (Metric(name="rmse", better="lower", unit="", target=0.1),)
        initializers = dict.fromkeys(("input_kernel", "recurrent_kernel", "readout_kernel"), normal(0.5))

        def dataset(self, key):
            inputs = np.linspace(-1, 1, 8).reshape(8, 1, 1)
            return Dataset(
                name="eight numbers",
                inputs=inputs,
                targets=2 * inputs[:, 0],
                held_out_inputs=inputs,
                held_out_targets=2 * inputs[:, 0],
            )

        def epochs(self, preset, key):
            return 1

        def seeds(self, preset):
            return 1

        def evaluate(self, predict, dataset):
            error = predict(dataset.held_out_inputs) - dataset.held_out_targets
            return Evaluation(metrics={"rmse": float(np.sqrt((error**2).mean()))}, picture=FORECAST)

    FORECAST = Forecast(x_label="x", y_label="y", x=(0.0,), actual=(0.0,), predicted=(0.0,))
"""


def write(path: Path, text: str, **values: str) -> Path:
    path.write_text(dedent(text).format(**values) if values else dedent(text))
    return path


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed packages, in which nothing is installed yet."""
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


def install(site: Path, package: str, group: str, **entries: str) -> None:
    """What pip leaves of a package that consists of entry points."""
    folder = site / f"{package}-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"[{group}]", *(f"{name} = {target}" for name, target in entries.items())]
    (folder / "entry_points.txt").write_text("\n".join(lines))


def compare(site: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "compare", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=site.parent,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(site))),
            "COLUMNS": "160",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


def statuses(out: Path) -> dict[str, str]:
    return {run.adapter: run.status for run in load(out).runs}


# What a declaration says, and how it is read


def test_a_declaration_is_read_without_running_anything(tmp_path: Path):
    path = write(tmp_path / "mine.py", ADAPTER, declared="cells=('lstm',), variables={'A': '1'}")
    path.write_text(path.read_text() + "\nraise SystemExit('imported')\n")
    assert declaration(f"{path}:Mine") == Declaration(cells=("lstm",), variables={"A": "1"})


def test_a_declaration_is_inherited_across_modules(tmp_path: Path):
    path = write(
        tmp_path / "heir.py",
        "from adapters.torch_backend.adapter import TorchAdapter\nclass Heir(TorchAdapter): pass\n",
    )
    assert declaration(f"{path}:Heir") == Declaration(distribution="torch", devices=("cpu", "cuda"))


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ("cells=('gru',)", "cells is ('gru',): it must be a tuple of 'elman' or 'lstm'"),
        ("dtypes=()", "dtypes is (): it must be a tuple of 'float32' or 'float64'"),
        ("devices='cpu'", "devices is 'cpu': it must be a tuple of"),
        ("variables={'A': 1}", "variables is {'A': 1}: it must be a dict"),
        ("expected_failures={'clipping': ' '}", "expected_failures is {'clipping': ' '}: it must be a dict"),
        ("distribution=1/0", "line 6: a declaration holds literals only"),
        ("cell=('lstm',)", "unexpected keyword argument 'cell'"),
    ],
)
def test_a_bad_declaration_is_one_line_with_its_place(tmp_path: Path, declared: str, says: str):
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
            "adapters.numpy_backend.adapter has no class 'Nmpy': its classes are Lane, Nump",
        ),
    ],
)
def test_what_is_not_there_is_named(target: str, says: str):
    with pytest.raises(AdapterMissing, match=says):
        declaration(target)


def test_modules_that_import_each_other_are_no_endless_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(tmp_path / "chicken.py", "from egg import Bird\n")
    write(tmp_path / "egg.py", "from chicken import Bird\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(AdapterBroken, match="imported in a circle"):
        declaration("chicken:Bird")


# Adapters of installed packages


def test_list_shows_who_brought_what_and_imports_none_of_it(site: Path):
    write(site / "good.py", ADAPTER + "\n    raise SystemExit('imported')\n", declared="cells=('lstm',)")
    write(site / "bad.py", ADAPTER, declared="cells=('gru',)")
    install(site, "good-pack", "lockstep.adapters", good="good:Mine")
    install(site, "bad-pack", "lockstep.adapters", bad="bad:Mine", lost="lost:Mine")
    listed = compare(site, "list")
    assert listed.returncode == 0, listed.stderr
    lines = {line.split()[0]: line for line in listed.stdout.splitlines() if line.strip()}
    assert "lstm only" in lines["good"]
    assert "good-pack 1.0" in lines["good"]
    assert "failed: bad.py, line 6: cells is ('gru',)" in lines["bad"]
    assert "failed: there is no module 'lost'" in lines["lost"]


def test_two_plugins_of_one_name_are_refused_with_both_sources(site: Path):
    install(site, "first-pack", "lockstep.adapters", twin="first:Mine")
    install(site, "second-pack", "lockstep.adapters", twin="second:Mine", numpy="second:Mine")
    for name, sources in {
        "twin": ("first-pack 1.0", "second-pack 1.0"),
        "numpy": ("lockstep", "second-pack"),
    }.items():
        refused = compare(site, "run", "sine-online", "--adapters", name)
        assert refused.returncode == 2
        assert refused.stderr.startswith(f"error: '{name}' is the name of ")
        assert all(source in refused.stderr for source in sources)
        assert refused.stderr.count("\n") == 1


BROKEN = {
    "raises": ("raise RuntimeError('no licence')\n", "import_framework: RuntimeError: no licence"),
    "other": ("class Mine: pass\n", "it must be a subclass of adapters.interface.Adapter"),
    "begun": ("from adapters.interface import Adapter\nclass Mine(Adapter): pass\n", "lacks __init__, _load"),
    "vague": (
        "class Mine:\n    declaration = Declaration(print())\n",
        "vague.py, line 2: declaration must be",
    ),
    "garbled": ("class Mine(:\n", "garbled.py cannot be read"),
}


def test_a_broken_plugin_costs_only_its_own_rows(site: Path):
    for name, (text, _) in BROKEN.items():
        (site / f"{name}.py").write_text(text + ("class Mine: pass\n" if name == "raises" else ""))
    install(site, "pack", "lockstep.adapters", **{name: f"{name}:Mine" for name in BROKEN})
    out = site.parent / "report"
    adapters = ",".join(("numpy", *BROKEN))
    ran = compare(
        site, "run", "sine-window", "--adapters", adapters, "--epochs", 1, "--seeds", 1, "--out", out
    )
    assert ran.returncode == 1
    assert statuses(out) == {"numpy": "ok", **dict.fromkeys(BROKEN, "failed")}
    errors = {run.adapter: run.error or "" for run in load(out).runs}
    for name, (_, says) in BROKEN.items():
        assert says in errors[name]
        assert "\n" not in errors[name]


def test_what_an_adapter_does_not_support_is_shown_and_is_no_failure(site: Path):
    write(site / "half.py", ADAPTER, declared="cells=('lstm',), dtypes=('float32',)")
    install(site, "half-pack", "lockstep.adapters", half="half:Mine")
    out = site.parent / "report"
    arguments = ("--adapters", "numpy,half", "--epochs", 1, "--rounds", 2, "--out", out)
    ran = compare(site, "run", "sine-window", "sine-lstm", *arguments)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = {(run.task, run.adapter): run.status for run in load(out).runs}
    assert rows["sine-window", "half"] == "unsupported"
    assert rows["sine-lstm", "half"] == "ok"
    assert (
        "**unsupported**: cell is 'elman': this adapter declares only lstm" in (out / "README.md").read_text()
    )
    assert {p.status for p in load(out).proofs if p.adapter == "half"} == {"unsupported"}


class Careless(Reference):
    declaration = Declaration(
        cells=("lstm",),
        expected_failures={
            "forward_lstm": "not yet",
            "predicts_nothing_of_nothing": "no time",
            "clipping": "-",
        },
    )

    def _predict(self, inputs, lengths):
        return super()._predict(inputs, lengths) if len(inputs) else np.zeros(1)


def test_expected_failures_fail_as_declared_or_are_failures():
    outcomes = {
        check.name: run(check, Careless) for check in CHECKS if check.quick or check.name == "clipping"
    }
    assert outcomes["predicts_nothing_of_nothing"].status == "expected"
    assert outcomes["predicts_nothing_of_nothing"].message.startswith("no time (")
    assert outcomes["forward_lstm"].status == "failed"
    assert outcomes["forward_lstm"].cause == "take forward_lstm out of expected_failures"
    assert outcomes["clipping"].status == "skipped"
    assert outcomes["forward_elman_tanh"].status == "skipped"


def test_variants_run_only_when_they_or_every_adapter_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(adapters.VARIANTS, "numpy-otherwise", "adapters.numpy_backend.adapter:NumpyAdapter")
    assert "numpy-otherwise" in adapter_names("every")
    assert "numpy-otherwise" not in adapters.default_names()


def test_every_adapter_may_be_named_beside_others():
    every = tuple(adapters.registered())
    assert adapter_names("every") == every
    assert adapter_names("a.py:Mine, every") == ("a.py:Mine", *every)
    assert sorted(adapter_names("every,numpy")) == sorted(every)


# Files that are not installed, and those that `new` writes


def test_a_file_is_run_by_its_path(site: Path):
    folder = site.parent / "elsewhere"
    folder.mkdir()
    write(folder / "mine.py", "from beside import NumpyAdapter\nclass Mine(NumpyAdapter): pass\n")
    write(folder / "beside.py", "from adapters.numpy_backend.adapter import NumpyAdapter as NumpyAdapter\n")
    checked = compare(site, "check", "elsewhere/mine.py:Mine", "--quick", "--markdown")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "### Lockstep check: passed" in checked.stdout


def test_new_writes_an_adapter_that_says_check_by_check_what_is_missing(site: Path):
    assert compare(site, "new", "toy").returncode == 0
    checked = compare(site, "check", "toy_adapter:ToyAdapter", "--quick")
    assert checked.returncode == 1
    assert "forward_lstm failed: not written yet: _step, one time step of the cell" in checked.stdout
    again = compare(site, "new", "toy")
    assert again.returncode == 2
    assert "toy_adapter.py is there already, and nothing is overwritten" in again.stderr


def test_new_package_is_found_by_name_once_installed(site: Path):
    assert compare(site, "new", "toy", "--package").returncode == 0
    folder = site.parent / "lockstep-toy"
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} == {
        "lockstep_toy.py",
        "pyproject.toml",
        "tests/test_lockstep_toy.py",
    }
    assert 'toy = "lockstep_toy:ToyAdapter"' in (folder / "pyproject.toml").read_text()
    install(folder, "lockstep_toy", "lockstep.adapters", toy="lockstep_toy:ToyAdapter")
    assert "lockstep_toy 1.0" in compare(folder, "list").stdout


def test_what_new_writes_passes_every_check_once_its_four_gaps_are_filled(
    site: Path, monkeypatch: pytest.MonkeyPatch
):
    assert compare(site, "new", "toy").returncode == 0
    monkeypatch.syspath_prepend(site.parent)
    from toy_adapter import ToyAdapter  # noqa: PLC0415

    filled = type("Filled", (FilledGaps, ToyAdapter), {})
    outcomes = [run(check, filled) for check in CHECKS if check.name != "repeated_sequences"]
    assert [outcome for outcome in outcomes if outcome.status != "passed"] == []


class FilledGaps(Adapter):
    """The four methods that a scaffold leaves open, done by the reference."""

    def _reference(self, parameters):
        train = replace(self._train_spec, update_every=None, backprop_through=None)
        reference = Reference(self._model, train, parameters)
        reference.means, reference.squares, reference.updates = self._means, self._squares, self._updates
        return reference

    def _step(self, parameters, x, state):
        return self._reference(parameters).step(parameters, x, state)

    def _differentiate(self, inputs, targets, state):
        from adapters.interface import Span  # noqa: PLC0415

        reference = self._reference(self._parameters)
        return reference.differentiate(inputs, targets, Span(0, 0, inputs.shape[1]), state)

    def _update(self, gradients):
        reference = self._reference(self._parameters)
        reference.update(reference.clip(gradients))
        self._updates = reference.updates
        self._parameters = {name: value.astype(self._dtype) for name, value in reference.values.items()}


@pytest.mark.parametrize(
    "name", ["", "2fast", "my-adapter", "a.b", "../up", "class", "_", "Ünicode", "Été", "an_été"]
)
def test_new_refuses_what_is_no_identifier(site: Path, name: str):
    refused = compare(site, "new", "--", name)
    assert refused.returncode == 2
    assert refused.stderr == (
        f"error: NAME is {name!r}: it must be a Python identifier that begins with a letter from a to z, "
        "and holds only such letters, digits and _\n"
    )
    assert [path.name for path in site.parent.iterdir()] == ["site"]


@pytest.mark.parametrize("options", [(), ("--package",)])
def test_new_refuses_a_name_too_long_for_a_file(site: Path, options: tuple[str, ...]):
    assert compare(site, "new", "a" * 80, *options).returncode == 0
    refused = compare(site, "new", "a" * 300, *options)
    assert refused.returncode == 2
    assert refused.stderr == "error: NAME has 300 letters: it may have 80 at most\n"


def test_new_refuses_a_name_that_is_taken(site: Path):
    refused = compare(site, "new", "torch")
    assert refused.returncode == 2
    assert (
        refused.stderr == "error: NAME is 'torch': an adapter of this name is there already, from lockstep\n"
    )


# Tasks


def test_a_task_from_outside_runs_like_any_other(site: Path):
    write(site / "toys.py", TASK)
    install(site, "toys-pack", "lockstep.tasks", doubling="toys:Doubling", lost="toys:Lost")
    out = site.parent / "report"
    listed = compare(site, "list")
    assert "toys-pack 1.0" in listed.stdout
    ran = compare(site, "run", "doubling", "--adapters", "numpy,torch", "--rounds", 2, "--out", out)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {(run.task, run.status) for run in load(out).runs} == {("doubling", "ok")}
    assert {proof.verdict for proof in load(out).proofs} == {"in lockstep"}
    lost = compare(site, "run", "lost", "--adapters", "numpy")
    assert lost.returncode == 2
    assert lost.stderr.startswith("error: task 'lost', toys:Lost of toys-pack 1.0: AttributeError")


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
    "command", [("run", "doubling"), ("check", "numpy", "--tasks", "doubling", "--quick")]
)
@pytest.mark.parametrize(("right", "wrong", "says"), FAULTY.values(), ids=FAULTY)
def test_a_faulty_task_is_found_before_anything_runs(
    site: Path, command: tuple[str, ...], right: str, wrong: str, says: str
):
    assert right in TASK
    write(site / "toys.py", TASK.replace(right, wrong, 1))
    install(site, "toys-pack", "lockstep.tasks", doubling="toys:Doubling")
    refused = compare(site, *command)
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: task 'doubling'")
    assert says in refused.stderr
    assert refused.stderr.endswith(
        "; to go on without it, name the others: run TASK …, or check --tasks TASK,…\n"
    )
    assert refused.stderr.count("\n") == 1
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
def test_so_is_one_that_cannot_say_how_much_is_trained(site: Path, right: str, wrong: str, says: str):
    assert right in TASK
    write(site / "toys.py", TASK.replace(right, wrong, 1))
    install(site, "toys-pack", "lockstep.tasks", doubling="toys:Doubling")
    refused = compare(site, "run", "doubling")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: task 'doubling': ")
    assert says in refused.stderr
    assert refused.stderr.count("\n") == 1


class Judge(SineOnline):
    """Judges as it is told to."""

    def __init__(self, evaluate):
        self.evaluate = lambda predict, dataset: evaluate(super(Judge, self).evaluate(predict, dataset))


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
def test_a_task_that_cannot_judge_is_a_failure_of_that_row(evaluate, says: str):
    task = Judge(evaluate)
    dataset = task.dataset("computed")
    with pytest.raises(WorkerFailed) as failure:
        judge(task, lambda inputs: np.zeros((*inputs.shape[:2], 1)), dataset)
    assert failure.value.status == "failed"
    assert str(failure.value).startswith(f"evaluate of task sine-online: {says}")


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("if epoch: raise KeyError(epoch)", "batches of epoch 1, seed 0, of task doubling: KeyError: 1"),
        (
            "if epoch > 1: return np.zeros((0, 2), int)",
            "batches of epoch 2, seed 0, of task doubling: Value",
        ),
    ],
)
def test_a_task_without_batches_for_a_later_epoch_ends_no_run(site: Path, fault: str, says: str):
    batches = f"def batches(self, sequences, seed, epoch):\n            {fault}\n"
    batches += "            return super().batches(sequences, seed, epoch)\n\n        def dataset"
    write(site / "toys.py", TASK.replace("def dataset", batches))
    install(site, "toys-pack", "lockstep.tasks", doubling="toys:Doubling")
    out = site.parent / "report"
    options = ("--adapters", "numpy", "--epochs", 2, "--rounds", 2, "--out", out)
    ran = compare(site, "run", "doubling", "sine-online", *options)
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    by_task = {run.task: run for run in load(out).runs}
    assert by_task["sine-online"].status == "ok"
    assert by_task["doubling"].status == "failed"
    assert says in (by_task["doubling"].error or "")
    assert {proof.status for proof in load(out).proofs if proof.task == "doubling"} == {"failed"}


def test_a_task_that_raises_while_it_judges_ends_no_run(site: Path):
    write(site / "toys.py", TASK.replace("metrics={", "metrics=1 / 0 and {"))
    install(site, "toys-pack", "lockstep.tasks", doubling="toys:Doubling")
    out = site.parent / "report"
    ran = compare(site, "run", "doubling", "sine-online", "--adapters", "numpy", "--epochs", 1, "--out", out)
    assert ran.returncode == 1, ran.stderr
    assert {(run.task, run.status) for run in load(out).runs} == {
        ("doubling", "failed"),
        ("sine-online", "ok"),
    }
    assert "evaluate of task doubling: ZeroDivisionError" in (out / "README.md").read_text()


# Devices


def test_on_a_machine_with_a_gpu_those_that_declare_it_get_it_and_the_others_say_so(site: Path):
    write(site / "fast.py", ADAPTER, declared="devices=('cpu', 'cuda')")
    with (site / "fast.py").open("a") as stream:
        stream.write("\n    def __init__(self, model, train, parameters, *, device='cpu'):")
        stream.write("\n        assert device == 'cuda'")
        stream.write("\n        super().__init__(model, train, parameters)\n")
    driver = write(site / "nvidia-smi", "#!/bin/sh\necho 'GPU 0: a pretended one (UUID: GPU-0)'\n")
    driver.chmod(0o755)
    out = site.parent / "report"
    arguments = (
        "--adapters",
        "numpy,fast.py:Mine".replace("fast", f"{site}/fast"),
        "--epochs",
        1,
        "--seeds",
        1,
    )
    path = f"{site}{os.pathsep}{os.environ['PATH']}"
    ran = compare(site, "run", "sine-window", *arguments, "--device", "cuda", "--out", out, PATH=path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [run.device for run in load(out).runs] == ["cpu", "cuda"]
    assert "Devices: numpy, the CPU; " in (out / "README.md").read_text()
    refused = compare(site, "run", "sine-window", "--adapters", "numpy", "--device", "cuda", PATH=path)
    assert refused.returncode == 2
    assert "no adapter that was named declares it" in refused.stderr


def test_without_a_gpu_nothing_runs(site: Path):
    refused = compare(site, "run", "sine-window", "--device", "cuda", CUDA_VISIBLE_DEVICES="-1")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: --device is 'cuda': no GPU was found")
    assert not (site.parent / "reports").exists()


def test_an_unsupported_spec_names_what_is_declared():
    model = ModelSpec(cell="elman", inputs=1, hidden=1, outputs=1, loss="half_squared_error")
    with pytest.raises(ValueError, match="cell is 'elman': this adapter declares only lstm"):
        Declaration(cells=("lstm",)).check_supported(model, TrainSpec(optimizer=Sgd(learning_rate=0.1)))
