"""Faults that users met, each kept from coming back."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cpuinfo
import numpy as np
import psutil
import pytest

from adapters import open_adapter
from compare.analysis.task_summary import task_summaries
from compare.errors import UsageError
from compare.machine import devices, hardware
from compare.machine.environment import LoadMonitor, environment
from compare.machine.inherited import allowed_cores
from compare.records.block import Snapshot
from compare.records.run import WorkerFacts
from compare.report.adapter_lines import adapter_lines
from compare.report.pages import render_pages
from compare.report.tables.environment import environment_table, kernels_set
from compare.runner.blas_kernels import CORE_VARIABLE, kernel_variables, simd_features
from compare.runner.worker_facts import worker_facts
from compare.storage.checkpoint import write_snapshot
from compare.storage.results import load, save
from compare.storage.run_folder import hold_output_folder, lock_folder
from tasks import UnknownTask, find
from tests.commands import main
from tests.example_results import example_results
from tests.reports import report_text


@pytest.mark.parametrize(
    ("config", "features"),
    [
        ({"SIMD Extensions": {"baseline": ["X86_V2"], "found": ["X86_V3"]}}, {"X86_V2", "X86_V3"}),
        ({"SIMD Extensions": {"baseline": ["X86_V2"], "not found": ["X86_V3"]}}, {"X86_V2"}),
        ({"SIMD Extensions": {"found": ["X86_V3"]}}, {"X86_V3"}),
        ({"SIMD Extensions": {}}, set()),
        ({}, set()),
    ],
)
def test_features_that_numpy_does_not_list_are_none(config, features, monkeypatch):
    assert simd_features(config) == features
    monkeypatch.setattr(np, "show_config", lambda mode: config)
    assert kernel_variables().keys() <= {CORE_VARIABLE}


def test_a_worker_starts_where_numpy_uses_its_baseline_alone():
    """Where NumPy itself is told to find nothing, its dictionary has no list of what it found."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import numpy as np; from compare.runner.environment_variables import worker_variables; "
            "print('found' in np.show_config(mode='dicts')['SIMD Extensions'], worker_variables('numpy', 1))",
        ],
        env={**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(found)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.startswith("False {")


def fail(*_, **__):
    raise NotImplementedError("a machine that does not say")


@pytest.mark.parametrize("found", [{}, {"brand_raw": None, "flags": None}, fail])
def test_a_machine_that_says_nothing_of_itself_is_still_described(found, monkeypatch, tmp_path):
    for file in ("_CPUINFO", "_OWN_CGROUPS", "_CGROUPS", "_FREQUENCY"):
        monkeypatch.setattr(hardware, file, tmp_path / "none")
    monkeypatch.setattr(cpuinfo, "get_cpu_info", found if callable(found) else lambda: found)
    for name in ("cpu_freq", "cpu_percent", "cpu_times", "virtual_memory"):
        monkeypatch.setattr(psutil, name, fail)
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(hardware, "CORES", allowed_cores())
    monkeypatch.delattr(os, "getloadavg")
    monitor = LoadMonitor()
    seen = monitor.add_to(environment("compare", 1, "quick"))
    assert seen.cpu
    unknown = (seen.memory_bytes, seen.megahertz, seen.busy_cores_before, seen.load_after, seen.stolen_cores)
    assert set(unknown) == {None}
    assert devices.usable_cores() == os.cpu_count()
    assert "Memory" not in environment_table(seen).markdown


def control_groups(tmp_path, monkeypatch, groups, files):
    """A machine whose control groups are those of `groups`, with these files below /sys/fs/cgroup."""
    for path, text in files.items():
        file = tmp_path / "cgroup" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    own = tmp_path / "own"
    own.write_text(groups)
    monkeypatch.setattr(hardware, "_OWN_CGROUPS", own)
    monkeypatch.setattr(hardware, "_CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(hardware, "affinity", lambda: list(range(8)))
    monkeypatch.setattr(devices, "affinity", lambda: list(range(8)))


V1 = "3:cpu,cpuacct:/docker/some\n1:name=systemd:/docker/some\n"


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        pytest.param("0::/\n", {}, 8, id="no limit"),
        pytest.param("0::/\n", {"cpu.max": "max 100000"}, 8, id="version 2, none set"),
        pytest.param("0::/\n", {"cpu.max": "250000 100000"}, 2, id="rounded down"),
        pytest.param("0::/\n", {"cpu.max": "50000 100000"}, 1, id="one at least"),
        pytest.param("0::/\n", {"cpu.max": "1600000 100000"}, 8, id="more than there are"),
        pytest.param(
            "0::/a/b\n",
            {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"},
            3,
            id="the outer group's",
        ),
        pytest.param(
            "0::/a/b\n",
            {"a/cpu.max": "300000 100000", "a/b/cpu.max": "200000 100000"},
            2,
            id="the inner one's",
        ),
        pytest.param("0::/../..\n", {"cpu.max": "200000 100000"}, 2, id="outside its root"),
        pytest.param("0::/a\n", {"unified/a/cpu.max": "200000 100000"}, 2, id="both versions mounted"),
        pytest.param(
            V1, {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8, id="1, none set"
        ),
        pytest.param(
            V1, {"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3, id="version 1"
        ),
        pytest.param(
            V1,
            {
                "cpu,cpuacct/docker/some/cpu.cfs_quota_us": "200000",
                "cpu,cpuacct/docker/some/cpu.cfs_period_us": "100000",
                "cpu,cpuacct/cpu.cfs_quota_us": "-1",
            },
            2,
            id="version 1, nested, no short name",
        ),
        pytest.param("nonsense\n0::\n", {"cpu.max": "nonsense"}, 8, id="nonsense"),
    ],
)
def test_default_threads_keep_to_a_containers_limit(groups, files, cores, monkeypatch, tmp_path):
    control_groups(tmp_path, monkeypatch, groups, files)
    assert devices.usable_cores() == cores
    assert devices.allowed_cores() == 8


def test_kernels_that_workers_were_told_to_use_are_said(tmp_path):
    results = example_results()
    assert kernels_set(task_summaries(results)) == {}
    runs = [
        replace(
            run,
            worker=replace(
                run.worker, settings={CORE_VARIABLE: "SkylakeX"}, computes="by hand", source="a_plugin"
            ),
        )
        if run.adapter == "numpy"
        else run
        for run in results.runs
    ]
    pages = {page.name: page.text for page in render_pages(replace(results, runs=runs), tmp_path)}
    assert "\n- **numpy** 2.3.0: by hand (a_plugin)\n" in pages["README.md"]
    section = pages["pages/environment.md"]
    assert "was SkylakeX in the workers of numpy:" in section
    assert "\n    export OPENBLAS_CORETYPE=SkylakeX\n" in section


def test_objects_are_never_stored(tmp_path):
    state = {"numpy": {"step": np.array([{}], dtype=object)}}
    with pytest.raises(TypeError, match="0 step holds objects"):
        write_snapshot(tmp_path, Snapshot(task="sine-lstm", seed=0, epochs=1, states=state))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("adapters/interface.py", "[adapters/interface.py](../../adapters/interface.py)"),
        ("a_plugin.adapter", "a_plugin.adapter"),
        ("../../../etc/passwd", "../../../etc/passwd"),
    ],
)
def test_how_an_adapter_computes_is_told_with_a_link_to_its_file(source, shown):
    facts = WorkerFacts(versions={}, blas=[], threads=1, computes="step by step", source=source)
    runs = [replace(run, worker=facts) for run in example_results().runs if run.adapter in ("numpy", "torch")]
    folder = Path(__file__).parents[1] / "reports" / "mine"
    (told,) = adapter_lines(runs, (), {"torch": "numpy"}, folder)
    assert (told.adapter, told.sentence) == ("numpy", "step by step")
    assert (f"[{told.source}]({told.link})" if told.link else told.source) == shown


def test_a_worker_tells_where_its_adapter_stands():
    facts = worker_facts(open_adapter("numpy"), allowed_cores())
    assert facts.source == "adapters/numpy_backend/adapter.py"
    facts = worker_facts(open_adapter("tests.faulty_adapters:TellsNoState"), allowed_cores())
    assert facts.source == "tests.faulty_adapters"


def test_an_unknown_task_is_named():
    with pytest.raises(UnknownTask, match=r"^there is no task 'sine-offline': choose from sine-online, "):
        find("sine-offline")


@pytest.fixture
def stored(tmp_path):
    save(example_results(), tmp_path)
    return tmp_path


def test_a_report_is_not_written_while_a_run_is(stored, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["compare", "report", str(stored)])
    with lock_folder(stored), pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "another run is writing to" in capsys.readouterr().err
    assert {path.name for path in stored.iterdir()} == {"results.json"}


def test_only_folders_that_were_made_for_a_run_are_removed(tmp_path):
    there, new = tmp_path / "there", tmp_path / "some" / "new"
    there.mkdir()
    for out in (there, new):
        with hold_output_folder(out):
            assert out.is_dir()
    assert [*tmp_path.iterdir()] == [there]
    with hold_output_folder(new):
        (new / "README.md").touch()
    assert (new / "README.md").exists()


def test_nothing_stays_of_a_folder_that_could_not_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot write to"), hold_output_folder(tmp_path / "file" / "out"):
        pass
    (tmp_path / "whole").mkdir()
    with pytest.raises(UsageError), hold_output_folder(tmp_path / "new" / ("x" * 300)):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"file", "whole"}


def test_a_data_set_says_itself_for_which_it_stands_in(tmp_path):
    results = example_results()
    mine = replace(results.tasks[1], name="my-mnist", dataset="my own digits", stands_in_for=None)
    other = replace(results.tasks[0], stands_in_for="a real wave")
    runs = [replace(run, task="my-mnist") if run.task == "mnist-rows" else run for run in results.runs]
    page = report_text(replace(results, tasks=[other, mine], runs=runs), tmp_path)
    assert "my-mnist was not trained" not in page
    assert "**sine-online was not trained on a real wave.**" in page


def test_results_from_before_data_sets_said_so_are_still_read(tmp_path):
    folder = Path(__file__).parents[1] / "reports" / "reference"
    stored = json.loads((folder / "results.json").read_text())
    for task in stored["tasks"]:
        del task["stands_in_for"]
    (tmp_path / "results.json").write_text(json.dumps(stored))
    assert {task.stands_in_for for task in load(tmp_path).tasks} == {None}
