"""Where the time of an update goes, and which kernels ran: parts, stacks, limits, warnings, the page."""

import io
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from rich.console import Console
from rich.progress import Progress

from adapters import default_names, open_adapter
from adapters.interface import Adam, AdamW, Adapter, ModelSpec, RmsProp, Sgd, TrainSpec
from adapters.work import Alone, Functions, Product, Rows
from adapters.xla_programs import kernels_in
from compare.analysis.caveats import find_caveats, slow_paths
from compare.analysis.profile import PARTS, bound, stacks
from compare.analysis.task_summary import task_summaries
from compare.benchmarks import kernels
from compare.benchmarks.kernels import VerboseAdapter, find_kernels
from compare.benchmarks.profile import profile_adapters, turns
from compare.benchmarks.profiled import Subject, denormal_share, vanishing
from compare.benchmarks.sweep import Size, workload_of
from compare.benchmarks.update_work import STEPS, functions_of, operations, parts_of, products
from compare.cli.options import settings
from compare.cli.profile_lines import show, stack_tables
from compare.cli.profile_stage import profile_stage
from compare.cli.run import exit_code
from compare.records.profile import Kernel, Profile
from compare.records.run import NO_FAULT, ProductRate, Round, Run
from compare.report.pages import render_pages
from compare.runner import parts_alone
from compare.runner.matrix_rate import operations_per_sequence
from compare.runner.parts_alone import PartsAlone, from_plain, to_plain
from compare.runner.worker_process import Limits
from compare.runner.workers import ActiveWorkers, FreshWorkers
from compare.storage.results import load
from compare.storage.retry import without_failures
from tests.blocks import brief_block
from tests.brief_command import brief_profiles
from tests.commands import command, faulty
from tests.example_results import SINE, example_results
from tests.groups import each_adapter, of_framework

COMPILED_LAST = [
    *each_adapter([name for name in default_names() if name != "tensorflow"]),
    *each_adapter(["tensorflow"], [pytest.mark.exhaustive]),
]
"""Every adapter; what takes one of them ten seconds, and the others hold too, is exhaustive."""

LIMITS = Limits(threads=1, timeout_seconds=600.0)
SMALL = workload_of(Size(hidden=8, batch=4, time_steps=5))


@pytest.fixture(autouse=True)
def brief_turns():
    with brief_profiles():
        yield


def asked(adapter):
    return find_kernels(SMALL, adapter, LIMITS, FreshWorkers(VerboseAdapter), ActiveWorkers())


def example(adapter="numpy", **changes):
    """An update of 100 µs: 50 in products, 20 of calls, 10 of functions, 15 the rest."""
    given = {
        "task": SINE.name,
        "adapter": adapter,
        "threads": 1,
        "whole": [1e-4] * 3,
        "calls": [2e-5] * 3,
        "products": [5e-5] * 3,
        "functions": [1e-5] * 3,
        "optimizer": [4e-6] * 3,
        "indexing": [1e-6] * 3,
        "operations": 1_000_000,
        "product_rate": ProductRate(size=1024, operations_per_second=1e11, kernel="openblas for Haswell"),
    }
    return Profile(**{**given, **changes})


# what an update is made of


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
@pytest.mark.parametrize(("layers", "bidirectional"), [(1, False), (2, True)])
@pytest.mark.parametrize("readout", ["last", "every"])
def test_the_products_are_those_that_the_machines_limit_counts(cell, layers, bidirectional, readout):
    model = ModelSpec(
        cell=cell, inputs=3, hidden=5, outputs=2, loss="half_squared_error", readout=readout,
        layers=layers, bidirectional=bidirectional,
    )  # fmt: skip
    work = replace(SMALL, model=model)
    counted = operations(work) / SMALL.batch
    assert counted == operations_per_sequence(model, work.train, SMALL.inputs.shape[1])


def test_a_truncated_gradient_has_its_own_products():
    model = ModelSpec(cell="elman", inputs=3, hidden=5, outputs=1, loss="half_squared_error")
    train = TrainSpec(optimizer=Sgd(learning_rate=0.1), backprop_through=2)
    work = replace(SMALL, model=model, train=train)
    assert operations(work) / SMALL.batch == operations_per_sequence(model, train, 5)
    assert Product(rows=5, inner=2 * SMALL.batch, columns=5) in products(work)


def test_every_cell_and_optimizer_has_its_functions():
    assert {cell for cell, _ in STEPS} == {"elman", "lstm", "gru"}
    rules = (
        Sgd(learning_rate=0.1),
        Sgd(learning_rate=0.1, momentum=0.9),
        Sgd(learning_rate=0.1, momentum=0.9, nesterov=True),
        RmsProp(learning_rate=0.1),
        Adam(learning_rate=0.1),
        AdamW(learning_rate=0.1, weight_decay=0.1),
    )
    assert [len(functions_of(rule)) for rule in rules] == [2, 4, 6, 9, 12, 13]


@pytest.mark.parametrize("adapter", COMPILED_LAST)
def test_an_adapters_library_does_each_part_as_often_as_it_is_told(adapter):
    kind = open_adapter(adapter)
    names = ("multiply", "add", "sqrt", "tanh", "sigmoid", "divide")
    halves = kind.alone(Functions(names=names, rows=3, columns=4))
    expected = np.full((3, 4), 0.5, np.float32)
    for _ in range(2):
        value = np.tanh(np.sqrt(expected * 0.5 + 0.5))
        # σ(2x) with NumPy, whose adapter halves a kernel instead
        expected = (1 / (1 + np.exp(-value * (2 if adapter == "numpy" else 1)))) / 0.5
    assert_allclose(np.asarray(halves.run(2)), expected, rtol=1e-5)
    assert_array_equal(np.asarray(kind.alone(Rows(rows=6, columns=2, taken=3)).run(2)), np.ones((3, 2)))
    divided = kind.alone(Functions(names=names, rows=3, columns=4, shares=2))
    assert_allclose(np.asarray(divided.run(2))[:3], expected, rtol=1e-5)
    double = kind.alone(Product(rows=2, inner=5, columns=3, dtype="float64"))
    assert_array_equal(np.asarray(double.run(1)), np.full((2, 3), 5.0))
    assert double.kernel


def test_a_vanishing_model_makes_as_many_updates_of_as_many_steps():
    small = vanishing(SMALL)
    assert (small.model.hidden, small.batch) == (2, 1)
    assert small.updates == SMALL.updates
    assert small.inputs.shape[1] == SMALL.inputs.shape[1]


def test_everything_takes_a_turn_in_every_round_and_who_cannot_run_keeps_its_row():
    heard: list[str] = []
    subject = Subject(task="a-task", workload=SMALL)
    names = ("numpy", faulty("Raises"))
    found, failed = profile_adapters(
        subject, names, LIMITS, 2, FreshWorkers(), FreshWorkers(VerboseAdapter), heard.append
    )
    assert len(heard) == turns(names, 2)
    assert all(len(getattr(found, part)) == 2 for part in ("whole", *PARTS))
    assert found.product_rate.operations_per_second > 0
    assert failed.error.startswith("train: RuntimeError: the gradient went for a walk")
    assert not failed.whole


def test_a_part_takes_what_it_takes_once_more_without_what_a_run_of_it_costs(monkeypatch):
    now = 0.0

    def run(times):
        nonlocal now
        now += 0.020 + 0.002 * times

    monkeypatch.setattr(parts_alone, "perf_counter", lambda: now)
    adapter = SimpleNamespace(alone=lambda work: Alone(run, "a kernel"))
    (seconds,) = PartsAlone(adapter).seconds([Rows(rows=6, columns=2, taken=3)], 0.001)
    assert seconds == pytest.approx(0.002)


def test_an_adapter_that_offers_no_parts_has_its_time_alone():
    assert PartsAlone(Adapter).seconds([Product(rows=1, inner=1, columns=1)], 0.0) is None
    nothing = {key: [] for key in ("products", "functions", "optimizer", "indexing")}
    (stack,) = stacks([example(**nothing)])
    assert stack.whole.median == 1e-4
    assert not stack.parts
    assert stack.bound is None


# stacks


def test_a_stack_adds_up_to_the_measured_time():
    (stack,) = stacks([example()])
    assert sum(part.median for part in stack.parts.values()) + stack.rest == pytest.approx(1e-4)
    assert sum(stack.shares.values()) == pytest.approx(1)
    assert stack.rest == pytest.approx(1.5e-5)
    assert not stack.overlaps


def test_parts_that_take_longer_than_the_whole_are_said_to_overlap():
    (stack,) = stacks([example(functions=[4e-5] * 3)])
    assert stack.rest == pytest.approx(-1.5e-5)
    assert stack.overlaps


@pytest.mark.parametrize(
    ("changes", "rest", "named"),
    [
        ({}, 0.0, "products"),
        ({"calls": 6.0}, 0.0, "calls"),
        ({"functions": 3.0, "optimizer": 2.0, "indexing": 1.0}, 0.0, "memory"),
        ({}, 6.0, "none of these"),
    ],
)
def test_an_update_is_bound_by_what_takes_most(changes, rest, named):
    assert bound({**dict.fromkeys(PARTS, 1.0), "products": 5.0, **changes}, rest) == named


def test_limits_are_the_machines_rate_and_the_best_library():
    slow, fast = stacks([example(), example("torch", products=[3e-5] * 3)])
    assert slow.rate_seconds == pytest.approx(1e-5)
    assert slow.product_seconds == fast.product_seconds == pytest.approx(3e-5)
    assert slow.product_library == "torch"
    small, measured = stacks([example(products=[-1e-7] * 3), example("torch")])
    assert small.product_seconds == measured.product_seconds == pytest.approx(5e-5)


def test_limits_are_those_of_the_same_device():
    on_cpu = example(products=[3e-5] * 3)
    on_gpu = [example(name, device="cuda", product_rate=None) for name in ("torch", "jax")]
    one, other, third = stacks([on_cpu, *on_gpu])
    assert (one.product_library, other.product_library, third.product_library) == ("numpy", "torch", "torch")
    assert one.rate_seconds is not None
    assert other.rate_seconds is None
    out = io.StringIO()
    show([on_cpu, *on_gpu], example_results().environment, Console(file=out, width=80))
    assert "On the GPU: torch, jax; limits are those of adapters on the same device." in " ".join(
        out.getvalue().split()
    )


def test_what_a_gpu_is_bound_by_is_not_said_where_parts_overlap():
    on_cpu, overlapping, adding_up = stacks(
        [
            example(products=[2e-4] * 3),
            example("torch", device="cuda", products=[2e-4] * 3),
            example("jax", device="cuda"),
        ]
    )
    assert (on_cpu.bound, overlapping.bound, adding_up.bound) == ("products", None, "products")


def test_parts_are_done_on_the_device_of_the_adapter():
    for device in ("cpu", "cuda"):
        works = [work for counted in parts_of(SMALL, device).values() for work in counted]
        assert {work.device for work in works} == {device}
        assert {from_plain(to_plain(work)).device for work in works} == {device}


@pytest.mark.parametrize(("shares", "share"), [(1, 7), (2, 4), (7, 1)])
def test_the_parts_of_a_divided_batch_are_those_of_its_largest_share_but_for_the_optimizer(shares, share):
    divided = parts_of(replace(SMALL, batch=7), "cpu", shares)
    undivided = parts_of(replace(SMALL, batch=share), "cpu")
    for part, works in divided.items():
        count = 1 if part == "optimizer" else shares
        assert works == {replace(work, shares=count): times for work, times in undivided[part].items()}


def test_training_turns_that_take_another_time_are_told():
    same, other, unknown = stacks(
        [example(training=[1.02e-4]), example(training=[1.1e-4]), example()],
    )
    assert (same.holds, other.holds, unknown.holds) == (True, False, None)


# kernels


@of_framework("torch")
def test_a_planted_fallback_is_flagged_and_the_adapter_is_not():
    fused = asked("torch")
    assert fused.error is None
    assert not fused.warnings
    assert next(each for each in fused.kernels if "mkldnn_rnn_layer" in each.name).times == 1
    assert any(each.name.startswith("oneDNN rnn") for each in fused.kernels)
    assert any(library.startswith("oneDNN for ") for library in fused.libraries)
    (warning,) = asked("tests.slow_adapters:FallsBack").warnings
    assert "no kernel named 'mkldnn_rnn_layer' ran, as is declared of the cell lstm" in warning
    assert "aten::" in warning


@pytest.mark.parametrize("adapter", [each for each in COMPILED_LAST if each.id in ("jax", "tensorflow")])
def test_a_compiled_program_tells_what_it_consists_of(adapter):
    found = asked(adapter)
    assert found.error is None
    assert not found.warnings
    assert all(kernel.compiled for kernel in found.kernels if kernel.name.startswith("XLA"))
    assert any("fusion" in kernel.name for kernel in found.kernels)
    assert any("while loop" in kernel.name for kernel in found.kernels)


def test_numpy_tells_of_the_blas_that_it_multiplies_with():
    found = asked("numpy")
    assert found.error is None
    assert any("blas" in library for library in found.libraries)


def test_an_adapter_that_cannot_be_asked_says_why():
    assert asked(faulty("Raises")).error.startswith("train: RuntimeError")


def test_what_is_declared_holds_for_float32_alone():
    declared = SimpleNamespace(kernels={"lstm": "fused"})
    ran = [Kernel(name="aten::mm", times=28, said_by="the framework")]
    double = replace(SMALL, train=replace(SMALL.train, dtype="float64"))
    assert [*kernels.departures(declared, SMALL, ran)]
    assert not [*kernels.departures(declared, double, ran)]
    assert not [*kernels.departures(declared, SMALL, [*ran, replace(ran[0], name="a fused lstm")])]


def test_the_text_of_a_program_is_read():
    said = kernels_in(
        "  %while.1 = (s32[], f32[4,8]{1,0}) while(%tuple.2), condition=%c, body=%b\n"
        "  %dot.3 = f32[4,32]{1,0} dot(%a, %b), lhs_contracting_dims={1}\n"
        "  %f.1 = f32[4,8]{1,0} fusion(%a), kind=kLoop, calls=%fused\n"
        "  %f.2 = f32[4,8]{1,0} fusion(%a), kind=kLoop, calls=%fused.1\n"
        '  %c.1 = f32[4,8]{1,0} custom-call(%a), custom_call_target="__onednn$matmul"\n'
        "  %add.1 = f32[4,8]{1,0} add(%a, %b)\n"
        "  %r.1 = (f32[4]{0}, f32[8]{0}) all-reduce(%a, %b), replica_groups={{0,1}}\n"
        "  %g.1 = f32[4,8]{1,0} all-gather(%a), dimensions={0}\n"
        "  %p.1 = f32[4,8]{1,0} collective-permute-start(%a), source_target_pairs={{0,1}}\n"
    )
    assert {run.name: run.times for run in said} == {
        "XLA fusion (loop)": 2,
        "XLA while loop": 1,
        "XLA product of 4 × 32 numbers": 1,
        "XLA custom call __onednn$matmul": 1,
        "XLA sum over devices": 1,
        "XLA exchange between devices": 2,
    }


def test_denormals_are_counted():
    tiny = np.array([0.0, 1.0, 1e-40, -1e-41], np.float32)
    assert denormal_share([tiny, np.ones(4)]) == 0.25


def test_a_library_that_chose_for_an_older_cpu_is_flagged():
    results = example_results()
    old = example(libraries=["oneDNN for Intel AVX", "openblas 0.3 (Haswell, 1 threads)"])
    (said,) = slow_paths(results.environment, [old])
    assert said == f"numpy on {SINE.name}: oneDNN for Intel AVX, on a CPU with AVX2."


# what is shown


def test_warnings_are_on_the_first_screen_and_failures_make_the_exit_code_one():
    made_up = example_results()
    sound = [run for run in made_up.runs if run.task == SINE.name and run.adapter == "numpy"]
    results = replace(made_up, runs=sound, profiles=[example(warnings=["a loop ran"])])
    assert f"numpy on {SINE.name}: a loop ran." in find_caveats(results, task_summaries(results))
    assert exit_code(results) == 0
    assert exit_code(replace(results, profiles=[example(error="train: it died")])) == 1


def test_a_run_has_it_as_a_page(tmp_path):
    made_up = example_results()
    ran = [Kernel(name="a_kernel", times=3, said_by="the framework")]
    profiles = [example(kernels=ran, training=[1.1e-4]), example("torch", functions=[9e-5] * 3)]
    front, *others = render_pages(
        replace(made_up, tasks=made_up.tasks[:1], runs=[], profiles=profiles), tmp_path
    )
    assert not others
    assert "a_kernel: 3 an update" in front.text.replace("\\", "")
    sound = [run for run in made_up.runs if run.status == "ok" and run.task == SINE.name]
    front, *others = render_pages(replace(made_up, runs=sound, profiles=profiles), tmp_path)
    assert "(pages/profile.md)" in front.text
    (page,) = (other for other in others if other.name == "pages/profile.md")
    assert {table.name for table in page.tables} == {"profile", "kernels"}
    assert "**+10 %**" in page.text
    assert "−65 %" in page.text


def test_a_run_profiles_each_task_once_and_none_when_quick():
    block, nothing = brief_block("sine-online", "numpy"), replace(example_results(), runs=[])
    ran = Run(
        task="sine-online", adapter="numpy", seed=0, status="ok",
        rounds=[Round(index=index, sequences=10, seconds=0.02) for index in range(2)],
    )  # fmt: skip

    def staged(results, preset):
        chosen, hidden = settings(adapters="numpy", preset=preset), Progress(disable=True)
        return [*profile_stage(chosen, [block], results, FreshWorkers(), hidden)]

    (grown,) = staged(replace(nothing, runs=[ran]), "standard")
    (found,) = grown.profiles
    assert (found.task, found.adapter, found.error) == ("sine-online", "numpy", None)
    assert_allclose(found.training, [0.02 / 10 / 20] * 2)
    assert not staged(grown, "standard")
    assert not staged(nothing, "quick")


def test_what_failed_is_profiled_again_when_it_is_run_again():
    results = example_results()
    failed = {run.task for run in results.runs if run.status not in NO_FAULT}
    profiles = [example(task=task.name) for task in results.tasks]
    left = without_failures(replace(results, profiles=profiles)).profiles
    assert [each.task for each in left] == [t.name for t in results.tasks if t.name not in failed]


def test_four_adapters_fit_side_by_side_into_a_terminal():
    names, out = ("numpy", "torch", "tensorflow", "jax"), io.StringIO()
    for slow in (1, 100, 10_000):
        scaled = {part: [slow * 1e-3] * 3 for part in ("whole", *PARTS)}
        found = stacks([example(name, **scaled) for name in names])
        (table,) = stack_tables(found, 80)
        Console(file=out, width=80).print(table)
    assert max(map(len, out.getvalue().splitlines())) <= 80
    for words in ("−400%", "element-wise functions", "1,000  100%", "10,000  100%"):
        assert out.getvalue().count(words) >= 4 or words == "element-wise functions"


def test_the_command_fits_a_terminal_and_writes_a_page_that_can_be_made_anew(tmp_path):
    options = ("--adapters", f"numpy,{faulty('Raises')}", "--rounds", 2, "--threads", 1)
    ended = command("profile", "sine-online", *options, "--out", tmp_path)
    assert ended.code == 1
    assert all(len(line) <= 80 for line in ended.out.splitlines() if not line.startswith("Report:"))
    for words in ("matrix products", "fixed cost of calls", "bound by", "the gradient went for a walk"):
        assert words in ended.said
    results = load(tmp_path)
    assert [each.adapter for each in results.profiles] == ["numpy", faulty("Raises")]
    text = (tmp_path / "README.md").read_text()
    assert "figures/sine-online-profile.png" in text
    assert (tmp_path / "figures" / "sine-online-profile.png").exists()
    assert command("report", tmp_path).code == 0
    assert (tmp_path / "README.md").read_text() == text


@pytest.mark.exhaustive
def test_the_command_writes_nothing_unless_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("profile", "sine-online", "--adapters", "numpy", "--rounds", 1, "--threads", 1).code == 0
    assert not [*tmp_path.iterdir()]
