"""Nothing from outside leaks in: the losses are those of a clean environment, or a line says why not."""

import ast
import os
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from compare.cluster.messages import decode, encode
from compare.storage.atomic import write_text
from compare.storage.results import load, save
from compare.text import one_line
from tasks.interface import DataRequest
from tests.commands import LONGEST_SECONDS, ROOT, Ended, learned
from tests.example_results import example_results
from tests.groups import of_framework
from tests.hostile_environments import AT_ONCE, HOSTILE, PACKAGES_OF_THE_USER, Hostile

OPTIONS = "--seeds 1 --epochs 2 --rounds 2 --threads 1"
KEPT = ("PATH", "PYTHONDONTWRITEBYTECODE", "HOME", "XDG_CACHE_HOME")
BYTES = b"caf\xe9"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


def ended(line, here, variables, program="-m compare"):
    """A command line of a shell in a folder, with few variables beside these."""
    plain = {name: os.environ[name] for name in KEPT if name in os.environ}
    done = subprocess.run(
        ["bash", "-c", line.replace("compare", f'"{sys.executable}" {program}', 1)],
        cwd=here,
        env={**plain, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )
    return Ended(done.returncode, *(text.decode(errors="replace") for text in (done.stdout, done.stderr)))


def write(files, folder):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def runs_in(hostile, here):
    """How a run in such surroundings ended, and where its results are."""
    write(hostile.files, here / "folder")
    write(hostile.home, here / "home")
    (here / "folder").mkdir(exist_ok=True)
    home = {"HOME": str(here / "home")} if hostile.home else {}
    run = f"compare run sine-online --adapters {hostile.adapters} {OPTIONS} --out {here / 'out'}"
    return ended(f"{hostile.shell} {run}", here / "folder", {**home, **hostile.variables}), here / "out"


@cache
def clean(adapters):
    """What is learned where nothing is set."""
    with TemporaryDirectory() as name:
        done, out = runs_in(Hostile(adapters=adapters), Path(name))
        assert done.code == 0, done
        return {run.adapter: learned(run) for run in load(out).runs}


def expect_nothing_changed(hostile, here):
    done, out = runs_in(hostile, here)
    said = done.said + ((out / "README.md").read_text() if (out / "README.md").exists() else "")
    if hostile.says:
        assert hostile.says in said
        assert done.code in (0, 1)
        assert "Traceback" not in said
        return
    assert done.code == 0, done
    assert done.err == ""
    assert {run.adapter: learned(run) for run in load(out).runs} == clean(hostile.adapters)


@pytest.mark.exhaustive
@of_framework("torch")
def test_everything_that_is_set_at_once_changes_nothing(tmp_path):
    expect_nothing_changed(AT_ONCE, tmp_path)
    environment = load(tmp_path / "out").environment
    assert {"KERAS_BACKEND", "OMP_PROC_BIND", "XLA_FLAGS"} <= {each.name for each in environment.inherited}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_environment_changes_nothing_or_is_named(name, tmp_path):
    expect_nothing_changed(HOSTILE[name], tmp_path)


def test_there_are_many_hostile_environments():
    assert len(HOSTILE) >= 25


@pytest.mark.parametrize("program", ["-m compare", "-P -c 'from compare.__main__ import main; main()'"])
def test_nothing_in_the_current_folder_takes_the_place_of_ours_or_of_what_we_import(program, tmp_path):
    """The second is what the script `lockstep` does, which may even stand beside something called compare."""
    names = [*PACKAGES_OF_THE_USER, *(["compare/__init__.py"] if "-P" in program else [])]
    write(dict.fromkeys(names, "raise SystemExit('not for you')"), tmp_path)
    done = ended("compare check numpy --only forward_lstm --markdown", tmp_path, {}, program)
    assert done.code == 0, done
    assert done.out.startswith("### Lockstep check: passed")


def test_the_current_folder_is_importable_last_of_all(tmp_path):
    write({"numpy.py": "raise SystemExit", "mine.py": OWN_ADAPTER}, tmp_path)
    done = ended("compare check mine:Mine --only forward_lstm", tmp_path, {})
    assert done.code == 0, done


OWN_ADAPTER = "from adapters.numpy_backend.adapter import NumpyAdapter\nclass Mine(NumpyAdapter): pass\n"


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        pytest.param(BYTES, {}, id="bytes", marks=pytest.mark.exhaustive),
        pytest.param("café".encode(), {}, id="text", marks=pytest.mark.exhaustive),
        pytest.param(BYTES, ASCII, id="bytes-where-all-is-ASCII"),
        pytest.param("café".encode(), ASCII, id="text-where-all-is-ASCII", marks=pytest.mark.exhaustive),
    ],
)
def test_a_path_that_is_no_valid_text_is_carried_through(name, variables, tmp_path):
    out = os.fsencode(tmp_path) + b"/" + name
    escaped = "".join(chr(byte) if byte < 128 else f"\\x{byte:02x}" for byte in name)
    line = f"compare run sine-online --adapters numpy {OPTIONS} --epochs 1 --out $'{tmp_path}/{escaped}'"
    done = ended(line, tmp_path, variables)
    assert (done.code, done.err) == (0, ""), done
    assert {b"README.md", b"results.json"} <= set(os.listdir(out))
    assert re.search(r"--out \S*caf", load(Path(os.fsdecode(out))).environment.command)


@pytest.mark.parametrize(
    "line",
    [
        r"compare run sine-online --adapters $'caf\xe9.py:Mine' --out out",
        r"compare run sine-online $'caf\xe9/load.toml' --out out",
        pytest.param(r"compare describe $'caf\xe9.toml'", marks=pytest.mark.exhaustive),
        pytest.param(r"compare run $'caf\xe9' --out out", marks=pytest.mark.exhaustive),
        pytest.param(r"compare run sine-online --baseline $'caf\xe9'", marks=pytest.mark.exhaustive),
        pytest.param(r"compare run sine-online --preset $'caf\xe9'", marks=pytest.mark.exhaustive),
    ],
)
def test_a_name_that_is_no_valid_text_is_refused_before_anything_is_made(line, tmp_path):
    done = ended(line, tmp_path, {})
    assert (done.code, done.out) == (2, ""), done
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_names_of_files_are_utf_8_whatever_the_locale(tmp_path):
    """Those that a job's file says, too, and those of adapters, which are text."""
    write({"café.toml": JOB.format("café.csv"), "café.csv": "load\n" + "1\n2\n3\n" * 40}, tmp_path)
    done = ended("compare describe café.toml", tmp_path, ASCII)
    assert (done.code, done.err) == (0, ""), done
    assert done.out.startswith("café")


JOB = """[data]
file = "{}"
forecast = {{ columns = ["load"], target = "load", window = 4, horizon = 1 }}
"""


def test_what_is_no_valid_text_is_stored_escaped(tmp_path):
    results = example_results()
    odd = replace(results, environment=replace(results.environment, command=NO_TEXT))
    save(odd, tmp_path)
    assert load(tmp_path).environment.command == "caf\\xe9"
    write_text(tmp_path / "page.md", NO_TEXT)
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == "caf\\xe9"
    assert one_line(NO_TEXT) == "caf\\xe9"


NO_TEXT = os.fsdecode(BYTES)


def test_a_path_that_is_no_valid_text_reaches_other_machines():
    request = DataRequest(mnist_archives=Path(NO_TEXT))
    assert decode(encode(request), DataRequest) == request


def test_help_and_causes_do_not_live_in_docstrings(tmp_path):
    write({"mine.py": WRONG_ADAPTER}, tmp_path)
    shown = ended("compare check --help", tmp_path, {"PYTHONOPTIMIZE": "2"})
    assert "Check that adapters keep the contract" in shown.out
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {NAMES_THE_CAUSE}"
    told = subprocess.run(
        [sys.executable, "-OO", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "the loss looks summed over the batch" in told.stdout


WRONG_ADAPTER = """
from adapters.numpy_backend.adapter import NumpyAdapter
class Wrong(NumpyAdapter):
    def _train(self, batches): return super()._train(batches) * batches.shape[1]
"""
NAMES_THE_CAUSE = (
    "from adapters.conformance import CHECKS, run; from mine import Wrong; "
    "print(run(next(c for c in CHECKS if c.name == 'losses_sum_and_average'), Wrong).cause)"
)


def test_every_file_is_read_and_written_as_utf_8():
    """Where the encoding is left to the locale, a path or a name decides what is read."""
    for path in [
        path for package in ("adapters", "tasks", "compare") for path in (ROOT / package).rglob("*.py")
    ]:
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in (
                "read_text",
                "write_text",
            ):
                own = isinstance(node.func, ast.Name)
                assert own or any(each.arg == "encoding" for each in node.keywords), (path, node.lineno)
