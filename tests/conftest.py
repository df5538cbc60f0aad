"""Threads, groups of tests and how many examples are tried: set before any library is imported.

One thread for every library: these tests are not timed. A group's tests share a process, so that a framework
is imported and its models are compiled in one only; TensorFlow and PyTorch, whose threads disturb each other,
never share one.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

os.environ.update(
    dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1"
    ),
    TF_CPP_MIN_LOG_LEVEL="3",
)
ON_ANY_MACHINE = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("few", max_examples=20, **ON_ANY_MACHINE)
settings.register_profile("exhaustive", max_examples=300, **ON_ANY_MACHINE)
settings.load_profile("few")

VARIABLES = frozenset(os.environ)
"""Those that there are before any framework is imported."""

LONGEST_FIRST = ("tensorflow", "torch", "test_port")
"""Groups that begin at once, each in a process of its own; files without a group are groups that follow.

Programs of a port are PyTorch's, most of them.
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed packages, in which nothing is installed yet, beside the current folder."""
    from tests.installed import forget_installed, forget_modules  # noqa: PLC0415 - after the variables are set

    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)  # as `python -m` does
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(folder))))
    forget_installed()
    yield folder
    forget_installed()
    forget_modules(tmp_path)


@pytest.fixture(scope="session")
def two_cells(tmp_path_factory):
    """The folder of a run of two cells that nothing happened to."""
    from tests.commands import command  # noqa: PLC0415 - after the variables are set
    from tests.runs import TWO_CELLS  # noqa: PLC0415

    out = tmp_path_factory.mktemp("two-cells")
    ended = command(*TWO_CELLS, "--out", out)
    assert ended.code == 0, ended
    return out


@pytest.fixture
def no_patience(monkeypatch):
    """A worker that will hang as it trains is soon given up; nobody else is hurried."""
    from compare.runner.remote_adapter import RemoteAdapter  # noqa: PLC0415 - after the variables are set
    from compare.runner.worker_process import Limits, WorkerProcess  # noqa: PLC0415

    class Hurried(WorkerProcess):
        def __init__(self, name, limits):
            self.hangs = "Hangs" in name
            super().__init__(name, limits)

        def call(self, method, *arguments):
            if self.hangs and method == "train":
                self.begin_anew(Limits(threads=1, timeout_seconds=0.1))
            return super().call(method, *arguments)

    monkeypatch.setattr(RemoteAdapter, "process_type", Hurried)


@pytest.fixture
def no_drawing(monkeypatch):
    """Figures are files without a picture: drawing takes most of a report's time; here its words count."""
    from tests.brief_command import no_picture  # noqa: PLC0415 - after the variables are set

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", no_picture)


@pytest.fixture(autouse=True)
def no_variables_of_frameworks(monkeypatch):
    """What JAX and TensorFlow set where they are imported, as in tests' own process, no user has set."""
    for name in os.environ.keys() - VARIABLES:
        if name.startswith("TPU_"):
            monkeypatch.delenv(name)


def pytest_addoption(parser):
    parser.addoption("--kills", type=int, default=1, help="how often tests/test_kills.py kills a run")


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=_place)


def _place(item):
    (group,) = item.get_closest_marker("xdist_group").args
    return LONGEST_FIRST.index(group) if group in LONGEST_FIRST else len(LONGEST_FIRST)
