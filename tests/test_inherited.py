"""What a user's shell, home and cluster set: one table says what becomes of it, and workers obey."""

import os
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from adapters import ADAPTERS, open_adapter
from compare.analysis.inherited import departures, inherited_settings
from compare.analysis.task_summary import task_summaries
from compare.benchmarks.interleaved import time_interleaved
from compare.benchmarks.timed_worker import Candidate, workload_of
from compare.machine import inherited
from compare.machine.environment import environment
from compare.machine.influences import INFLUENCES
from compare.machine.inherited import allowed_cores, influence, treatment_of, worker_environment
from compare.records.environment import Inherited
from compare.records.run import Departure
from compare.runner import framework_switches
from compare.runner import worker_facts as facts_module
from compare.runner.block import run_block
from compare.runner.environment_variables import worker_variables
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.task_loading import load_task_data
from compare.runner.worker_facts import worker_facts
from tasks.interface import DataRequest, TaskReference
from tests.blocks import BRIEF, brief_block
from tests.commands import command
from tests.example_results import example_results
from tests.reports import report_text

NOBODYS = {"PYTHONPATH": "/mine", "HOME": "/home/me", "SLURM_JOB_ID": "7", "MY_BACKEND": "x", "PATH": "/bin"}


def test_no_entry_of_the_table_says_what_another_says():
    names = [name for entry in INFLUENCES for name in entry.names]
    assert sorted(names) == sorted(set(names))
    for entry in INFLUENCES:
        assert all((entry.read_by, entry.changes))
        assert bool(entry.value) == (entry.treatment == "set")
        assert all(name.rstrip("*").replace("_", "").isalnum() and name.isupper() for name in entry.names)


@pytest.mark.parametrize(
    ("name", "treatment"),
    [
        ("OMP_NUM_THREADS", "set"),
        ("OMP_PROC_BIND", "removed"),
        ("OPENBLAS_CORETYPE", "kept"),
        ("OPENBLAS_VERBOSE", "removed"),
        ("KERAS_BACKEND", "set"),
        ("KERAS_MAX_EPOCHS", "removed"),
        ("TF_CPP_MIN_LOG_LEVEL", "passed"),
        ("TF_CPP_MAX_VLOG_LEVEL", "kept"),
        ("THP_MEM_ALLOC_ENABLE", "removed"),
        ("CXX", "kept"),
        ("PANDAS_COPY_ON_WRITE", "removed"),
        ("TF_TOKEN_app_terraform_io", "passed"),
        ("TF_XLA_FLAGS", "removed"),
        ("TF2_BEHAVIOR", "removed"),
        ("LD_HWCAP_MASK", "kept"),
        ("CUDA_HOME", None),
        ("PYTHONNOUSERSITE", "passed"),
        *((name, None) for name in NOBODYS),
    ],
)
def test_the_longest_name_that_fits_decides(name, treatment):
    assert treatment_of(name) == treatment


def test_a_worker_gets_what_passes_what_is_set_and_what_its_adapter_declares_last():
    given = {**NOBODYS, "JAX_DISABLE_JIT": "1", "OMP_NUM_THREADS": "64", "LD_LIBRARY_PATH": "/opt"}
    got = worker_environment(given, {"KERAS_BACKEND": "jax"}, threads=3, folder="/tmp/own")
    assert NOBODYS.items() <= got.items()
    assert "JAX_DISABLE_JIT" not in got
    assert (got["OMP_NUM_THREADS"], got["LD_LIBRARY_PATH"]) == ("3", "/opt")
    assert got["KERAS_HOME"] == got["TMPDIR"] == "/tmp/own"
    assert got["KERAS_BACKEND"] == "jax", "an adapter knows what it needs"


@pytest.mark.parametrize("name", ADAPTERS)
def test_no_adapter_that_ships_gets_a_variable_from_outside(name):
    hostile = {entry.names[0].replace("*", "HOSTILE"): "hostile" for entry in INFLUENCES}
    got = worker_environment(hostile, worker_variables(name, 2), 2, folder="/tmp/own")
    left = {variable for variable, value in got.items() if value == "hostile"}
    assert left == {variable for variable in hostile if treatment_of(variable) in ("kept", "passed")}


def test_a_process_sets_aside_what_changes_computing_and_remembers_it(monkeypatch):
    monkeypatch.setattr(os, "environ", {"KERAS_BACKEND": "torch", "OMP_PLACES": "cores", "HOME": "/me"})
    monkeypatch.setattr(inherited, "BEFORE", {})
    inherited.set_aside()
    assert os.environ == {"KERAS_BACKEND": "torch", "HOME": "/me"}
    assert inherited.inherited_variables() == {"KERAS_BACKEND": "torch", "OMP_PLACES": "cores"}
    assert inherited.replaced_variables() == {"KERAS_BACKEND": "torch", "OMP_PLACES": "cores"}
    found = environment("compare", 1, "quick").inherited
    assert [(each.name, each.treatment) for each in found] == [
        ("KERAS_BACKEND", "set"),
        ("OMP_PLACES", "removed"),
    ]


def test_check_says_what_its_author_set_in_vain(monkeypatch):
    monkeypatch.setattr(inherited, "BEFORE", {"KERAS_BACKEND": "torch"})
    said = command("check", "numpy", "--only", "forward_lstm", columns=200).said
    assert "Set aside, as it changes what frameworks compute, or how fast: KERAS_BACKEND=torch" in said


def test_a_worker_may_use_the_cores_of_the_start_whatever_its_parent_was_bound_to():
    """As OpenMP binds the thread that first computes, and what a thread starts inherits that."""
    cores = allowed_cores()
    os.sched_setaffinity(0, cores[:1])
    try:
        (run,) = run_block(brief_block("sine-online", "numpy", epochs=1, rounds=1)).runs
    finally:
        os.sched_setaffinity(0, cores)
    assert sum(run.worker.cores.values()) >= 1
    assert [*run.worker.cores] == [inherited_ranges(cores)]
    assert run.worker.departures == []


def inherited_ranges(cores):
    return f"{cores[0]}-{cores[-1]}" if len(cores) > 1 else str(cores[0])


def test_threads_bound_to_fewer_cores_are_a_departure():
    class Numpy:
        declaration = SimpleNamespace(distribution="numpy", computes="")
        libraries = staticmethod(tuple)

    found = worker_facts(Numpy, (*allowed_cores(), 4096)).departures
    (bound,) = (departure for departure in found if "may use cores" in departure.found)
    assert not bound.comparable


@pytest.mark.parametrize(("threads", "comparable"), [(3, False), (1, True)])
def test_other_threads_than_were_asked_for_are_a_departure(threads, comparable, monkeypatch):
    """Fewer are what a library was built for, or what a site's own start of Python has set."""
    pool = {"internal_api": "openblas", "user_api": "blas", "version": "1", "prefix": "lib"}
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setattr(facts_module, "threadpool_info", lambda: [{**pool, "num_threads": threads}])
    found = worker_facts(open_adapter("numpy"), (*allowed_cores(), 4096)).departures
    told = f"openblas has {threads} thread{'s' if threads > 1 else ''}, asked for 2"
    assert Departure(found=told, comparable=comparable) in found


@pytest.mark.parametrize(
    ("framework", "answers", "found"),
    [
        ("torch", {"get_float32_matmul_precision": lambda: "medium"}, "float32 products in PyTorch: medium"),
        ("torch", {"get_default_dtype": lambda: "torch.float64"}, "default dtype of PyTorch: torch.float64"),
        ("keras", {"config": SimpleNamespace(backend=lambda: "torch")}, "backend of Keras: torch"),
        ("jax", {"config": SimpleNamespace(jax_disable_jit=True)}, "compilation in JAX: none"),
        ("numba", {"config": SimpleNamespace(DISABLE_JIT=1, OPT=3)}, "compilation in Numba: none"),
        ("sys", {"float_info": SimpleNamespace(min=0.0)}, "below the smallest normal one: taken for 0"),
    ],
)
def test_what_a_framework_answers_is_held_against_what_is_expected(framework, answers, found, monkeypatch):
    others = {switch.framework for switch in framework_switches.SWITCHES} - {framework, "sys"}
    modules = {name: module for name, module in sys.modules.items() if name not in others}
    fake = SimpleNamespace(modules={**modules, framework: SimpleNamespace(**answers)})
    monkeypatch.setattr(framework_switches, "sys", fake)
    assert any(found in departure.found for departure in framework_switches.departures())


def test_what_is_not_as_asked_for_is_on_the_first_screen_and_its_speed_in_no_ranking(tmp_path):
    results = example_results()
    departed = Departure(found="2 threads may use cores 0, not 0-1", comparable=False)
    odd = results.runs[0].adapter
    runs = [
        replace(run, worker=replace(run.worker, departures=[departed]))
        if run.worker and run.adapter == odd
        else run
        for run in results.runs
    ]
    changed = replace(results, runs=runs)
    tasks = task_summaries(changed)
    assert departures(tasks) == [f"{odd}: {departed.found}; its speed is not comparable."]
    assert all(odd not in [summary.adapter for summary in task.ranked] for task in tasks)
    text = report_text(changed, tmp_path)
    assert text.index(departed.found) < text.index("| Task")


def test_what_passed_is_recorded_and_named(tmp_path):
    results = example_results()
    kept, removed = (
        Inherited(name=name, value="v", treatment=treatment, read_by=entry.read_by, changes=entry.changes)
        for name, treatment in (("LD_PRELOAD", "kept"), ("OMP_PLACES", "removed"))
        if (entry := influence(name))
    )
    machine = replace(results.environment, inherited=[kept, removed], limits={"address space": "4,096 MiB"})
    said = " ".join(inherited_settings(machine))
    assert "LD_PRELOAD was set to v in every worker" in said
    assert "OMP_PLACES" not in said
    assert "address space, 4,096 MiB" in said
    assert "LD_PRELOAD was set to v" in report_text(replace(results, environment=machine), tmp_path)


def test_bench_gives_no_figures_of_a_loop_that_is_not_what_its_name_says(monkeypatch):
    """Where a worker answers that its framework is another, as Keras on another backend."""
    told = worker_facts(open_adapter("numpy"), allowed_cores())
    other = replace(told, departures=[Departure(found="backend of Keras: torch", comparable=False)])
    monkeypatch.setattr(RemoteAdapter, "facts", lambda remote: other)
    data = load_task_data(TaskReference(name="sine-online"), DataRequest())
    candidates = [Candidate(name="Keras model.fit", adapter="numpy", threads=1)]
    workload = workload_of(data.task, data.dataset)
    (times,) = time_interleaved(workload, candidates, 1, lambda name: None, timing=BRIEF).values()
    assert times.error == "not comparable: backend of Keras: torch"
    assert times.seconds_per_update == []
