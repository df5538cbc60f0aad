"""Adapters that others bring: found by name, imported only to run, and a broken one costs its rows alone."""

import os
import subprocess
import sys

import numpy as np

import adapters
from adapters.conformance import CHECKS, run
from adapters.conformance.reference import Reference
from adapters.interface import Declaration
from compare.cli.lists import adapter_names
from compare.storage.results import load
from tests.commands import ROOT, assert_refused, command
from tests.installed import ADAPTER, install, write


def test_list_shows_who_brought_what_and_imports_none_of_it(site):
    write(site / "good.py", ADAPTER + "\n    raise SystemExit('imported')\n", declared="cells=('lstm',)")
    write(site / "bad.py", ADAPTER, declared="cells=('peephole',)")
    install(site, "good-pack", "lockstep.adapters", good="good:Mine")
    install(site, "bad-pack", "lockstep.adapters", bad="bad:Mine", lost="lost:Mine")
    listed = command("list", columns=160)
    assert listed.code == 0
    lines = {line.split()[0]: line for line in listed.out.splitlines() if line.strip()}
    assert "lstm only" in lines["good"]
    assert "good-pack 1.0" in lines["good"]
    assert "failed: bad.py, line 6: cells is ('peephole',)" in lines["bad"]
    assert "failed: there is no module 'lost'" in lines["lost"]
    assert not {"good", "bad"} & sys.modules.keys()


def test_two_of_one_name_are_refused_with_both_sources(site):
    install(site, "first-pack", "lockstep.adapters", twin="first:Mine")
    install(site, "second-pack", "lockstep.adapters", twin="second:Mine", numpy="second:Mine")
    for name, sources in {
        "twin": ("first-pack 1.0", "second-pack 1.0"),
        "numpy": ("lockstep", "second-pack"),
    }.items():
        refused = command("run", "sine-online", "--adapters", name)
        assert_refused(refused, f"error: '{name}' is the name of ")
        assert all(source in refused.err for source in sources)


BROKEN = {
    "raises": ("raise RuntimeError('no licence')\nclass Mine: pass\n", "RuntimeError: no licence"),
    "other": ("class Mine: pass\n", "it must be a subclass of adapters.interface.Adapter"),
    "begun": ("from adapters.interface import Adapter\nclass Mine(Adapter): pass\n", "lacks __init__, _load"),
    "vague": (
        "class Mine:\n    declaration = Declaration(print())\n",
        "vague.py, line 2: declaration must be",
    ),
    "garbled": ("class Mine(:\n", "garbled.py cannot be read"),
}


def test_a_broken_one_costs_only_its_own_rows(site):
    for name, (text, _) in BROKEN.items():
        (site / f"{name}.py").write_text(text)
    install(site, "pack", "lockstep.adapters", **{name: f"{name}:Mine" for name in BROKEN})
    options = ("--adapters", ",".join(("numpy", *BROKEN)), "--epochs", 1, "--rounds", 2, "--threads", 1)
    ended = command("run", "sine-window", *options, "--out", "report")
    assert ended.code == 1
    runs = load(site.parent / "report").runs
    assert {run.adapter: run.status for run in runs} == {"numpy": "ok", **dict.fromkeys(BROKEN, "failed")}
    errors = {run.adapter: run.error or "" for run in runs}
    for name, (_, says) in BROKEN.items():
        assert says in errors[name]
        assert "\n" not in errors[name]


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


def test_variants_run_only_when_they_or_every_adapter_is_asked_for(monkeypatch):
    monkeypatch.setitem(adapters.VARIANTS, "numpy-otherwise", "adapters.numpy_backend.adapter:NumpyAdapter")
    assert "numpy-otherwise" in adapter_names("every")
    assert "numpy-otherwise" not in adapters.default_names()


def test_every_adapter_may_be_named_beside_others():
    every = tuple(adapters.registered())
    assert adapter_names("every") == every
    assert adapter_names("a.py:Mine, every") == ("a.py:Mine", *every)
    assert sorted(adapter_names("every,numpy")) == sorted(every)


def test_a_file_is_run_by_its_path(site):
    folder = site.parent / "elsewhere"
    folder.mkdir()
    write(folder / "mine.py", "from beside import NumpyAdapter\nclass Mine(NumpyAdapter): pass\n")
    write(folder / "beside.py", "from adapters.numpy_backend.adapter import NumpyAdapter as NumpyAdapter\n")
    checked = command("check", "elsewhere/mine.py:Mine", "--quick", "--markdown")
    assert checked.code == 0, checked
    assert "### Lockstep check: passed" in checked.out


# devices


def test_on_a_machine_with_a_gpu_those_that_declare_it_get_it_and_the_others_say_so(site, monkeypatch):
    write(site / "fast.py", ADAPTER, declared="devices=('cpu', 'cuda')")
    with (site / "fast.py").open("a") as stream:
        stream.write("\n    def __init__(self, model, train, parameters, *, device='cpu'):")
        stream.write("\n        assert device == 'cuda'")
        stream.write("\n        super().__init__(model, train, parameters)")
        stream.write("\n    @classmethod")
        stream.write("\n    def gpu_kernels(cls, work):")
        stream.write("\n        return 30 * len(work())\n")
    driver = write(site / "nvidia-smi", "#!/bin/sh\necho 'GPU 0: a pretended one (UUID: GPU-0)'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", f"{site}{os.pathsep}{os.environ['PATH']}")
    options = ("--adapters", f"numpy,{site}/fast.py:Mine", "--epochs", 1, "--rounds", 2, "--threads", 1)
    ended = command("run", "sine-window", *options, "--device", "cuda", "--out", "report")
    assert ended.code == 0, ended
    out = site.parent / "report"
    assert [run.device for run in load(out).runs] == ["cpu", "cuda"]
    front, page = ((out / name).read_text() for name in ("README.md", "pages/sine-window.md"))
    assert "with **a pretended one**" in front
    assert "Devices: numpy, the CPU; " in front
    assert [run.gpu_kernels for run in load(out).runs] == [None, 30]
    assert "GPU kernels an update" in page
    profiled = command(
        "profile", "sine-window", *options[:2], "--rounds", 1, "--device", "cuda", "--out", "profile"
    )
    assert profiled.code == 0, profiled
    assert [each.device for each in load(site.parent / "profile").profiles] == ["cpu", "cuda"]
    assert "with a pretended one" in (site.parent / "profile/README.md").read_text()
    refused = command("run", "sine-window", "--adapters", "numpy", "--device", "cuda")
    assert_refused(refused, "no adapter that was named declares it")


def test_without_a_gpu_nothing_runs(site, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    script = subprocess.run(
        [ROOT / ".ci/gpu", site.parent / "reports"],
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert script.returncode == 2
    assert script.stderr.startswith("error: --device is 'cuda': no GPU was found")
    refused = command("run", "sine-window", "--device", "cuda")
    assert_refused(refused, "error: --device is 'cuda': no GPU was found")
    assert not (site.parent / "reports").exists()
