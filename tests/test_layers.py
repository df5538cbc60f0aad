"""The layout: imports run one way; frameworks stay in their own folders, the terminal in `cli`."""

import ast
import fnmatch
import tomllib
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]

TOP_LEVEL = {
    ".ci", ".gitignore", "LICENSE", "Makefile", "README.md", "adapters", "compare", "pyproject.toml",
    "reports", "requirements.lock", "tasks", "tests",
}  # fmt: skip

FRAMEWORKS = {
    "adapters/torch_backend": {"torch"},
    "adapters/tensorflow_backend": {"tensorflow", "keras"},
    "adapters/jax_backend": {"jax"},
    "adapters/numba_backend": {"numba"},
    "adapters/keras_backend": {"keras"},
    "compare/benchmarks/torch_": {"torch"},
    "compare/benchmarks/keras_": {"tensorflow", "keras"},
    "compare/benchmarks/flax_": {"jax"},
    "compare/port/programs/torch_": {"torch"},
    "compare/port/programs/keras_": {"tensorflow", "keras"},
    "compare/port/programs/jax_": {"jax"},
    "compare/port/programs/nnx_": {"jax"},
    "compare/port/state_dict.py": {"torch"},
}
"""The folder or file that may import each; the loops are what adapters are compared with."""

TERMINAL = {"rich", "signal", "typer"}
PROCESSES = {
    "compare/start.py",
    "compare/cluster/local_worker.py",
    "compare/runner/worker.py",
    "compare/runner/supervisor.py",
    "compare/runner/worker_process.py",
    "compare/port/worker.py",
    "tasks/mnist_download.py",
}
"""What runs as a process of its own, or starts one, has arguments and signals."""


def modules():
    return [path for package in ("adapters", "tasks", "compare") for path in (ROOT / package).rglob("*.py")]


def relative(path):
    return path.relative_to(ROOT).as_posix()


def imported(tree):
    """The top-level packages that a module imports, in functions too."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name.partition(".")[0] for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]


def package(module):
    """The innermost package that a module belongs to; a ground file stands for itself."""
    name = module if (ROOT / module.replace(".", "/")).is_dir() else module.rpartition(".")[0]
    return module if name == "compare" else name


@cache
def imports_between_packages():
    """Package -> those that its modules import, in functions too."""
    graph = grimp.build_graph("adapters", "tasks", "compare", cache_dir=None)
    found = {}
    for module in graph.modules:
        imported = {package(each) for each in graph.find_modules_directly_imported_by(module)}
        found.setdefault(package(module), set()).update(imported - {package(module)})
    return found


def longest_chain(imports):
    """The most packages of which each imports the next; packages that import each other are an error."""
    chains = {}
    for each in TopologicalSorter(imports).static_order():
        below = max((chains[other] for other in imports.get(each, ())), key=len, default=())
        chains[each] = (*below, each)
    return max(chains.values(), key=len)


def test_imports_run_one_way():
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    packages = {path.parent.name for path in (ROOT / "compare").glob("*/__init__.py")}
    assert all(any(f"compare.{package}" in layer for layer in layers) for package in packages)


def test_packages_stack_up_in_ten_layers_at_most():
    chain = longest_chain(imports_between_packages())
    assert {"adapters", "compare.runner", "compare.cli"} <= {*chain}
    assert len(chain) <= 10, chain


def test_the_top_level_and_that_of_the_comparison_stay_small():
    ignored = [line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()] + [".git"]
    found = {path.name for path in ROOT.iterdir()}
    assert {
        name for name in found if not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)
    } == TOP_LEVEL
    assert len([*(ROOT / "compare").glob("*.py")]) <= 8


@pytest.mark.parametrize("path", modules(), ids=relative)
def test_a_module_reaches_for_no_framework_or_terminal_that_is_not_its_own(path):
    place, tree = relative(path), ast.parse(path.read_bytes())
    known = {name for names in FRAMEWORKS.values() for name in names}
    own = {name for part, names in FRAMEWORKS.items() if place.startswith(part) for name in names}
    assert {*imported(tree)} & known <= own
    if place.startswith("compare/cli/") or place == "compare/__main__.py" or place in PROCESSES:
        return
    assert not {*imported(tree)} & TERMINAL
    used = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)}
    assert not used & {"print", "input", "sys.argv", "sys.stdout", "sys.stderr", "sys.stdin"}


def test_a_run_is_written_by_its_storage_alone():
    """What `new` writes is no run's, and the null device is no file."""
    writing = {"write_text", "write_bytes", "open", "mkdir", "touch", "unlink", "rename"}
    others = {"compare/cli/scaffold.py", "compare/cli/output.py"}
    for path in modules():
        place = relative(path)
        if place.startswith(("compare/report/", "compare/analysis/", "compare/cli/")) and place not in others:
            calls = [
                node.func for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)
            ]
            assert not {call.attr for call in calls if isinstance(call, ast.Attribute)} & writing, place
