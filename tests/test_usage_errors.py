"""A mistake of the user's is exit code 2 and one line that says what was wrong, and what there is."""

import pytest

from tests.commands import Ended, assert_refused, command, finish

RUNS = {
    "task": ("run mnist-row", "unknown task 'mnist-row': did you mean mnist-rows?"),
    "adapter": ("all --adapters tensorfow", "unknown adapter 'tensorfow': did you mean tensorflow"),
    "preset": ("all --preset quik", "unknown preset 'quik': did you mean quick?"),
    "data": ("all --data mnits", "unknown data 'mnits': did you mean mnist or digits?"),
    "no adapter": ("all --adapters ,", "--adapters names none"),
    "adapter twice": ("all --adapters numpy,numpy", "--adapters names one twice"),
    "zero epochs": ("all --epochs 0", "--epochs is 0: it must lie between 1 and"),
    "negative epochs": ("all --epochs -3", "--epochs is -3"),
    "huge epochs": ("all --epochs 1000000000", "--epochs is 1000000000"),
    "zero seeds": ("all --seeds 0", "--seeds is 0"),
    "threads": ("all --threads 4096", "--threads is 4096"),
    "zero threads": ("all --threads 0", "--threads is 0"),
    "zero rounds": ("all --rounds 0", "--rounds is 0: it must lie between 2 and"),
    "one round": ("all --rounds 1", "--rounds is 1: one round cannot tell a difference from chance"),
    "few rounds": ("all --self-test --rounds 5", "--rounds is 5: a self-test needs 6 or more"),
    "warm-ups": ("all --warm-ups -1", "--warm-ups is -1: it must lie between 0 and"),
    "baseline": ("all --baseline nunpy", "unknown baseline 'nunpy': did you mean numpy?"),
    "memory": ("all --memory-limit 0", "--memory-limit is 0: it must lie between 1 and"),
    "device": ("all --device gpu", "unknown device 'gpu': choose from cpu, cuda"),
    "archives": ("all --mnist-archives /nowhere", "/nowhere"),
    "folder": ("run sine-online --out /dev/null/report", "cannot write to /dev/null/report"),
    "file as folder": (f"run sine-online --out {__file__}", "is a file: choose another --out"),
}
CHECKS = {
    "changes of no task": (
        "numpy --quick --set model.nosense=3",
        "--set changes tasks, and none is run",
    ),
    "adapter": ("torhc", "unknown adapter 'torhc': did you mean torch"),
    "module": ("tests.nowhere:Adapter", "unknown adapter 'tests.nowhere:Adapter': there is no module"),
    "class": ("tests.faulty_adapters:Riases", "tests.faulty_adapters has no class 'Riases'"),
    "no class": (
        "tests.faulty_adapters",
        "'tests.faulty_adapters' is a module: name its class too, as in tests.faulty_adapters:",
    ),
    "no class of many": (
        "adapters.numpy_backend.adapter",
        "name its class too, as in adapters.numpy_backend.adapter:NumpyAdapter",
    ),
    "no GPU": ("numpy --device cuda", "--device is 'cuda': "),
    "device": ("numpy --device gpu", "unknown device 'gpu': choose from cpu, cuda"),
    "task": ("numpy --tasks sine-lsmt", "unknown task 'sine-lsmt': did you mean sine-lstm"),
    "no task": ("numpy --tasks=", "--tasks names none: choose from"),
    "zero seconds": ("numpy --timeout 0", "--timeout is 0: it must lie above 0"),
    "no seconds": ("numpy --timeout nan", "--timeout is nan: it must lie above 0"),
    "endless seconds": (
        "numpy --timeout inf",
        "--timeout is inf: it must lie above 0 and be at most 1,000,000",
    ),
    "threads": ("numpy --threads 0", "--threads is 0: it must lie between 1 and"),
    "data": ("numpy --data mnits", "unknown data 'mnits'"),
}
BENCHMARKS = {
    "task": ("bench mnist-columns", "unknown task with a native loop 'mnist-columns'"),
    "rounds": ("bench --rounds 0", "--rounds is 0: it must lie between 1 and"),
    "cell": ("sweep --cell grue", "unknown cell 'grue': did you mean gru?"),
    "adapter": ("sweep --adapters numpyy", "unknown adapter 'numpyy': did you mean numpy or numba?"),
}


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A place for reports and caches that nothing is written to."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    return tmp_path


@pytest.mark.parametrize(("line", "says"), RUNS.values(), ids=RUNS)
def test_of_all_and_run(line, says, elsewhere):
    place = [] if "--out" in line else ["--out", elsewhere / "report"]
    assert_refused(command(*line.split(), *place), says)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (("run", "sine-online", "--out", ""), "--out is empty"),
        (("run", "--resume", ""), "a folder's name is empty: name one, or ."),
        (("report", " "), "a folder's name is empty"),
        (("diff", ".", ""), "a folder's name is empty"),
        (("run", "mnist-rows", "--mnist-archives", ""), "a folder's name is empty"),
    ],
)
def test_of_a_folder_without_a_name(line, says, elsewhere):
    assert_refused(command(*line), says)


@pytest.mark.parametrize(("line", "says"), CHECKS.values(), ids=CHECKS)
@pytest.mark.usefixtures("elsewhere")
def test_of_check(line, says):
    assert_refused(command("check", *line.split()), says)


@pytest.mark.parametrize(("line", "says"), BENCHMARKS.values(), ids=BENCHMARKS)
def test_of_bench_and_sweep(line, says):
    assert_refused(command(*line.split()), says)


def test_of_an_option_that_there_is_not():
    ended = command("run", "sine-online", "--epoch", 3)
    assert (ended.code, ended.out) == (2, "")
    assert "No such option: --epoch" in ended.err


def test_a_process_ends_as_the_command_does():
    assert finish("run", "mnist-row") == Ended(
        2, "", "error: unknown task 'mnist-row': did you mean mnist-rows?\n"
    )
