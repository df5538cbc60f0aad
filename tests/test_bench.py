"""The benchmarks: native loops that train, rounds that are paired, sizes that are swept."""

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from rich.console import Console

from adapters import AdapterUnavailable, declaration, open_adapter, version
from adapters.interface import Adam, Cell, Declaration, Sgd, TrainSpec, UnsupportedSpec, rate_at
from adapters.parameters import draw, normal, shapes
from adapters.validation import check_data
from compare.analysis import sweep as curves
from compare.analysis.statistics import Ratio
from compare.benchmarks import interleaved, loops, sweep
from compare.benchmarks.interleaved import time_interleaved
from compare.benchmarks.loop_comparison import (
    Comparison,
    Effort,
    compare_with_native_loops,
    varied,
)
from compare.benchmarks.loops import NATIVE_LOOPS, VARIATIONS
from compare.benchmarks.threads import compare_threads, turns
from compare.benchmarks.timed_worker import Candidate, Workload, workload_of
from compare.cli.bench import Benched, remarks
from compare.cli.run import exit_code
from compare.cli.stored import render
from compare.machine.environment import environment
from compare.records.block import Timing
from compare.records.machine import machine_of
from compare.records.results import Results
from compare.records.sweep import Size, SweepPoint, ThreadRounds
from compare.report.pages import render_pages
from compare.report.tables.threads import thread_table
from compare.runner.worker_process import WorkerFailed
from compare.storage.results import save
from tasks import TASKS, published_rule
from tests.blocks import BRIEF, brief_block
from tests.brief_command import brief
from tests.commands import command, faulty
from tests.example_results import SINE, example_results
from tests.groups import framework_of, of_framework

ONLINE = TASKS["sine-online"]
CLOCKS = {
    "StopsTheClock": "0",
    "TurnsTheClockBack": "-1",
    "BreaksTheClock": "nan",
    "HurriesTheClock": "1e+06",
}
"""Adapter that meddles with its worker's clock -> the seconds that the worker then says it trained for."""


def small_images() -> Workload:
    work = sweep.workload_of(sweep.Size(hidden=16, batch=8, time_steps=7))
    return replace(work, batch=8, train=TASKS["mnist-rows"].train)


def train(name: str, work: Workload, batches: np.ndarray) -> np.ndarray:
    adapter = open_adapter(name)(work.model, work.train, work.parameters)
    adapter.load(work.inputs, work.targets)
    return adapter.train(batches)


@of_framework("torch")
def test_the_tutorials_loop_does_what_the_adapter_does():
    work = workload_of(ONLINE, ONLINE.dataset("computed"))
    batches = np.stack([*islice(work.batches(), 20)])
    loop = train(NATIVE_LOOPS["sine-online"]["tutorials' torch loop"], work, batches)
    assert_allclose(loop, train("numpy", work, batches), rtol=1e-4, atol=1e-6)


def test_every_task_has_loops():
    assert {*TASKS} <= {*NATIVE_LOOPS}


LEARNED = ("mnist-rows", *VARIATIONS, "sine-lstm", "adding", "life-expectancy")


@pytest.mark.parametrize(
    ("task", "target"),
    [
        pytest.param(task, target, id=target, marks=(of_framework(framework_of(target)), *marks))
        for task in LEARNED
        for loop, target in NATIVE_LOOPS[task].items()
        for marks in [() if loop == "torch.nn" else (pytest.mark.exhaustive,)]
    ],
)
def test_a_loop_learns_its_task(task: str, target: str):
    """Keras compiles for seconds, and flax does."""
    assert_learns(target, few_sequences(task))


def assert_learns(target: str, work: Workload) -> None:
    """A `fit` shows one loss for all its batches."""
    rows = next(work.batches())[np.newaxis].repeat(60, 0)
    adapter = open_adapter(target)(work.model, work.train, work.parameters)
    adapter.load(work.inputs, work.targets, work.lengths)
    first, last = adapter.train(rows[:1]), adapter.train(rows)
    assert np.isfinite(last).all()
    assert last.mean() < first[0]


def few_sequences(name: str) -> Workload:
    """A task's first sequences, eight in a batch; of a variation smaller images."""
    if name in VARIATIONS:
        return varied(small_images(), VARIATIONS[name][1])
    task = TASKS[name]
    work = workload_of(task, task.dataset("digits" if name == "mnist-rows" else "computed"))
    few = slice(8)
    lengths = None if work.lengths is None else work.lengths[few]
    return replace(work, inputs=work.inputs[few], targets=work.targets[few], lengths=lengths, batch=8)


def test_the_numpy_tutorials_loop_makes_the_published_updates():
    task = TASKS["sine-window"]
    work = workload_of(task, task.dataset("computed"))
    weights = published_rule.draw(0)
    target = NATIVE_LOOPS["sine-window"]["tutorial's NumPy loop"]
    published = replace(work.train, optimizer=Sgd(learning_rate=published_rule.LEARNING_RATE))
    loop = open_adapter(target)(work.model, published, published_rule.canonical(weights))
    loop.load(work.inputs, work.targets)
    windows = np.einsum("ntt->nt", work.inputs)
    for index in range(3):
        weights = published_rule.update(weights, windows[index], float(work.targets[index, 0]))
        loop.train(np.array([[index]]))
    for ours, theirs in ((loop.U, weights.U), (loop.W, weights.W), (loop.V, weights.V)):
        assert_allclose(ours, theirs, rtol=1e-9)


OTHERWISE = {
    "cell": {"elman": "lstm", "lstm": "elman", "gru": "lstm"},
    "layers": {1: 2, 2: 1},
    "loss": {
        "half_squared_error": "softmax_cross_entropy",
        "softmax_cross_entropy": "half_squared_error",
    },
    "activation": {"tanh": "sigmoid", "sigmoid": "tanh"},
    "readout": {"last": "every", "every": "last"},
    "update_every": {None: 7, 1: 2},
    "backprop_through": {None: 5, 1: None, 5: None},
    "clip_value": {None: 10.0, 10.0: None},
    "dtype": {"float32": "float64"},
    "clip_norm": {None: 1.0, 1.0: None},
}
"""Field -> for what a loop does, what it does not; the last is one that the contract may gain later."""

FIELDS = (*OTHERWISE, "optimizer", "learning_rate")


def other(field: str, value: Any) -> Any:
    """What a loop does not do in place of what it does."""
    match field:
        case "optimizer":
            return Adam(learning_rate=0.1) if isinstance(value, Sgd) else Sgd(learning_rate=0.1)
        case "learning_rate":
            return "falling"
    return OTHERWISE[field][value]


LOOPS = [
    pytest.param(task, target, marks=of_framework(framework_of(target)), id=target)
    for task, loops in NATIVE_LOOPS.items()
    for target in loops.values()
]


COMPILED_ONCE = [
    pytest.param(*loop.values, marks=[*loop.marks, *left], id=loop.id)
    for loop in LOOPS
    for left in [[pytest.mark.exhaustive] if "flax" in loop.id and not loop.id.endswith(":Lstm") else []]
]
"""Every loop; of those of flax, each of which compiles for a second, one."""

CUTS = ("update_every", "backprop_through")
"""What no specs of a bidirectional model can ask for."""


def small_workload(name: str) -> Workload:
    """A task's, or a variation's, specs and weights; of its data a single sequence of zeros."""
    task, changes = VARIATIONS.get(name, (name, {}))
    given = TASKS[task]
    workload = Workload(
        model=given.model,
        train=given.train,
        parameters=given.initial_parameters(0),
        inputs=np.zeros((1, 3, given.model.inputs)),
        targets=np.zeros(1, np.int64),
        batch=1,
    )
    return varied(workload, changes) if changes else workload


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterTrainSpec(TrainSpec):
    clip_norm: float | None = None


def otherwise(spec: Any, field: str) -> Any:
    """The spec with another value of a field, which its own validation never saw; the same if it has none."""
    changed = replace(spec)
    if hasattr(spec, field):
        object.__setattr__(changed, field, other(field, getattr(spec, field)))
    elif field == "learning_rate" and hasattr(spec, "optimizer"):
        object.__setattr__(changed, "optimizer", otherwise(spec.optimizer, field))
    return changed


@cache
def begin(task: str, target: str) -> None:
    """What a loop does."""
    given = small_workload(task)
    open_adapter(target)(given.model, given.train, given.parameters)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("task", "target"), COMPILED_ONCE)
def test_a_loop_refuses_by_name_what_it_does_not_do(
    task: str, target: str, field: str, monkeypatch: pytest.MonkeyPatch
):
    """Also where its declaration does not."""
    monkeypatch.setattr(Declaration, "check_supported", lambda *_: None)
    given = small_workload(task)
    if given.model.bidirectional and field in CUTS:
        pytest.skip("a bidirectional model has no such spec")
    train = LaterTrainSpec(**{name: getattr(given.train, name) for name in TrainSpec.__slots__})
    begin(task, target)
    model = otherwise(given.model, field)
    parameters = draw(model, 0, dict.fromkeys(shapes(model), normal(0.1)))
    with pytest.raises(UnsupportedSpec, match=f"^{field} is .*: this loop"):
        open_adapter(target)(model, otherwise(train, field), parameters)


@pytest.mark.parametrize(
    ("task", "target"), [loop for loop in LOOPS if loop.values[0] in ("adding", "life-expectancy")]
)
def test_a_loop_whose_rate_falls_refuses_a_warm_up(task: str, target: str):
    given = small_workload(task)
    falling = replace(given.train.optimizer.learning_rate, warm_up=1)
    rule = replace(given.train.optimizer, learning_rate=falling)
    with pytest.raises(UnsupportedSpec, match=r"^learning_rate is .*: this loop has no warm-up"):
        open_adapter(target)(given.model, replace(given.train, optimizer=rule), given.parameters)


@pytest.mark.parametrize(("task", "target"), LOOPS)
def test_a_loop_names_its_framework_and_its_version(task: str, target: str):
    assert version(target)
    given = small_workload(task)
    assert declaration(target).check_supported(given.model, given.train) is None


@of_framework("torch")
def test_the_tutorials_loop_trains_one_sequence_at_a_time():
    work = workload_of(ONLINE, ONLINE.dataset("computed"))
    with pytest.raises(UnsupportedSpec, match="a batch has 2 sequences"):
        train(NATIVE_LOOPS["sine-online"]["tutorials' torch loop"], work, np.zeros((1, 2), np.int64))


def test_batches_name_every_sequence_as_often_as_any_other():
    work = small_images()
    two_passes = islice(work.batches(), 2 * len(work.inputs) // work.batch)
    counts = np.bincount(np.concatenate([*two_passes]))
    assert_array_equal(counts, np.full(len(work.inputs), 2))


def test_everybody_has_a_turn_in_every_round_and_who_cannot_run_is_named():
    candidates = [
        Candidate(name=name, adapter=adapter, threads=1)
        for name, adapter in {
            "a": "numpy",
            "b": "numpy",
            "broken": faulty("Aborts"),
            "late": faulty("RaisesOnceWarm"),
            **{name: faulty(name) for name in CLOCKS},
        }.items()
    ]
    heard: list[str] = []
    times = time_interleaved(
        workload_of(ONLINE, ONLINE.dataset("computed")), candidates, 3, heard.append, timing=BRIEF
    )
    assert {name: len(each.seconds_per_update) for name, each in times.items()} == {
        "a": 3,
        "b": 3,
        "broken": 0,
        "late": 0,
        **dict.fromkeys(CLOCKS, 0),
    }
    assert "SIGABRT" in (times["broken"].error or "")
    assert times["late"].error == "train: RuntimeError: enough is enough"
    for name, says in CLOCKS.items():
        assert f"train: the worker's clock says {says} s, here " in (times[name].error or "")
    assert heard.count("a") == heard.count("b") == 4


def test_adapters_and_the_first_loop_again_have_a_ratio_to_every_native_loop():
    task = TASKS["sine-window"]
    workload = workload_of(task, task.dataset("computed"))
    with brief():
        effort = Effort(threads=1, processes=3, rounds=2)
        compared = compare_with_native_loops(task.name, workload, ["numpy"], effort, lambda _: None)
    found = {each.name: each for each in compared}
    (loop,) = NATIVE_LOOPS[task.name]
    assert [*found] == [loop, f"{loop} (again)", "numpy"]
    assert not found[loop].speedups
    assert [each.twin_of for each in compared] == [None, loop, None]
    for name in (f"{loop} (again)", "numpy"):
        ratio = found[name].speedups[loop]
        assert ratio.pairs == 6
        assert ratio.low <= ratio.median <= ratio.high


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (
            1.02,
            1.08,
            "1.05 (1.02–1.08) times as fast as numpy, which is the same: differences of that size",
        ),
        (0.98, 1.12, None),
        (float("nan"), float("nan"), None),
    ],
    ids=["restless", "calm", "no interval"],
)
def test_a_difference_of_a_loop_from_itself_is_said_in_words(low: float, high: float, says: str | None):
    again = Comparison(
        name="numpy (again)",
        device="cpu",
        seconds_per_update=None,
        speedups={"numpy": Ratio(median=1.05, low=low, high=high, pairs=6)},
        twin_of="numpy",
    )
    benched = Benched(name="sine-window", loops="sine-window", workload=small_images())
    found = remarks(benched, [again, replace(again, name="another", twin_of=None)])
    assert [line.startswith(f"numpy (again): {says}") for line in found] == ([True] if says else [])


def test_turns_of_a_loop_whose_calls_set_up_a_lot_are_longer(monkeypatch: pytest.MonkeyPatch):
    heard: dict[str, float] = {}

    def begin(candidate: Candidate, _workload: Any, _limits: Any, timing: Timing, _workers: Any) -> None:
        heard[candidate.name] = timing.turn_seconds
        raise WorkerFailed("failed", "is not wanted")

    monkeypatch.setattr(interleaved, "TimedWorker", begin)
    effort = Effort(rounds=1, processes=1, threads=1, device="cpu")
    compare_with_native_loops("sine-lstm", small_images(), ["numpy"], effort, lambda _: None)
    assert heard["Keras fit"] == 8 * heard["torch.nn"] == 8 * heard["numpy"]


def test_threads_are_compared_within_an_adapter():
    twins = {"numpy (again)": "numpy"}
    block = brief_block("sine-online", "numpy", *twins, twins=twins, threads=2)
    heard: list[str] = []
    (found,) = compare_threads(block, heard.append)
    assert found.error is None
    assert len(found.single) == len(found.several) == 2
    assert len(heard) == turns(block)


def test_what_threads_are_worth_is_a_median_with_quartiles_as_one_process_has_no_interval():
    single = [1.0, 2.0, 3.0, 4.0, 5.0]
    found = ThreadRounds(
        task=SINE.name, adapter="numpy", threads=2, single=single, several=[1.0] * 5, error=None
    )
    assert thread_table([found]).shown["All, × as fast as 1"].tolist() == ["3.00 (2.00–4.00)"]


def test_a_worker_that_fails_among_the_threads_makes_the_exit_code_one():
    made_up = example_results()
    sound = [run for run in made_up.runs if run.task == SINE.name and run.adapter == "numpy"]
    failed = ThreadRounds(
        task=SINE.name, adapter="numpy", threads=2, single=[], several=[], error="train: it died"
    )
    results = replace(made_up, runs=sound)
    assert exit_code(results) == 0
    assert exit_code(replace(results, threads=[failed])) == 1
    assert exit_code(replace(results, threads=[replace(failed, adapter="not installed")])) == 0
    assert "train: it died" in thread_table([failed]).markdown


def test_a_sweep_passes_through_every_value_and_the_centre_once():
    sizes = sweep.sizes()
    assert len(set(sizes)) == len(sizes) == sum(map(len, curves.AXES.values())) - len(curves.AXES) + 1
    assert curves.CENTRE in sizes


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
def test_a_sweep_is_of_the_cell_and_directions_that_are_asked_for(cell: Cell, bidirectional: bool):
    for size in sweep.sizes(cell, bidirectional):
        model = sweep.workload_of(replace(size, batch=1, time_steps=2)).model
        assert (model.cell, model.bidirectional) == (cell, bidirectional)
        assert (model.hidden, model.layers) == (size.hidden, size.layers)


@pytest.mark.parametrize("task", ["sine-window", "life-expectancy", "mnist-rows"])
@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
def test_a_sweep_may_be_of_a_tasks_network(task: str, cell: Cell):
    network = sweep.network_of(TASKS[task])
    size = Size(hidden=2, batch=3, time_steps=4, cell=cell)
    workload = sweep.workload_of(size, network)
    assert (workload.model.inputs, workload.model.outputs) == (network.model.inputs, network.model.outputs)
    rule, own = workload.train.optimizer, TASKS[task].train.optimizer
    assert replace(rule, learning_rate=own.learning_rate) == own
    assert rate_at(rule.learning_rate, 0) <= sweep.HARMLESS_RATE
    check_data(workload.model, workload.train, workload.inputs, workload.targets)


def test_the_page_of_a_sweep_says_what_was_trained(tmp_path: Path):
    points = [
        SweepPoint(adapter="numpy", size=size, seconds=[0.001 * size.layers], memory_bytes=1, error=None)
        for size in sweep.sizes("gru", bidirectional=True)
    ]
    results = Results(environment=environment("compare sweep", 1, ""), tasks=[], runs=[], sweep=points)
    ((text),) = (page.text for page in render_pages(results, tmp_path))
    assert "a GRU in both directions that reads rows of images (28 inputs, 10 classes, Adam" in text
    network = sweep.network_of(TASKS["sine-lstm"])
    of_task = replace(results, sweep_of=f"as in the task sine-lstm ({network})")
    ((text),) = (page.text for page in render_pages(of_task, tmp_path))
    assert (
        "as in the task sine-lstm (1 input, 1 output, Adam at a rate of 1e-06, float32), at other sizes"
        in text
    )
    assert "Fastest along layers L: numpy from 1 to 4." in text
    line = curves.along(points, "numpy", "layers")
    assert [point.size.layers for point in line] == [*curves.AXES["layers"]]


def invented_points() -> list[SweepPoint]:
    """One adapter that grows with H, and one that is slow and never grows."""
    return [
        SweepPoint(adapter=name, size=size, seconds=[seconds], memory_bytes=size.batch * 2**20, error=None)
        for size in sweep.sizes()
        for name, seconds in (("grows", 1e-6 * size.hidden**2), ("steady", 2e-3))
    ]


def test_sizes_of_unlike_machines_share_no_curve(tmp_path: Path):
    there = environment("compare sweep", 1, "")
    here, other = (machine_of(replace(there, cpu=cpu), "", "cpu") for cpu in ("Xeon", "EPYC"))
    points = [
        replace(point, machine=(other if point.size.hidden > 128 else here).fingerprint)
        for point in invented_points()
    ]
    machines = {each.fingerprint: each for each in (here, other)}
    results = Results(environment=there, tasks=[], runs=[], sweep=points, machines=machines)
    front, further = render_pages(results, tmp_path)
    assert "hidden units H: grows from 16 to 32, steady from 64 to 128." in front.text
    assert f"those on **{here.name}**; the others: [{other.name}](pages/machine-2.md)." in front.text
    assert "hidden units H: steady from 256 to 512." in further.text
    assert len({table.path for page in (front, further) for table in page.tables}) == 4


def test_growth_and_crossings_are_read_off_the_points():
    points = invented_points()
    line = curves.along(points, "grows", "hidden")
    assert [point.size.hidden for point in line] == [*curves.AXES["hidden"]]
    hidden = [float(point.size.hidden) for point in line]
    assert curves.exponent(hidden, [point.seconds[0] for point in line]) == pytest.approx(2.0)
    assert curves.fastest(points, "hidden") == [("grows", [16, 32]), ("steady", [64, 128, 256, 512])]


def test_the_page_of_a_sweep_says_who_is_fastest_where(tmp_path: Path, drawing: Callable):
    failed = SweepPoint(
        adapter="steady",
        size=Size(hidden=128, batch=1, time_steps=28),
        seconds=[],
        memory_bytes=0,
        error="out of | memory",
    )
    results = Results(
        environment=environment("compare sweep", 1, "quick"),
        tasks=[],
        runs=[],
        sweep=[*invented_points(), failed],
    )
    with drawing():
        ((text),) = (page.text for page in render_pages(results, tmp_path))
    assert "Fastest along hidden units H: grows from 16 to 32, steady from 64 to 512." in text
    assert "out of &#124; memory" in text
    assert (tmp_path / "figures" / "sweep.png").stat().st_size > 10_000
    assert (tmp_path / "tables" / "sweep.csv").read_text().startswith("adapter,hidden,batch,time_steps,")


def test_a_stored_sweep_is_rendered_anew(tmp_path: Path):
    records = Results(
        environment=environment("compare sweep", 1, ""),
        tasks=[],
        runs=[],
        interrupted=False,
        sweep=invented_points(),
    )
    save(records, tmp_path)
    assert render(tmp_path, baseline=None, html=True, console=Console()) == 0
    assert "grows from 16 to 32" in (tmp_path / "README.md").read_text()
    assert "grows from 16 to 32" in (tmp_path / "report.html").read_text()


@pytest.mark.parametrize("field", ["batch", "time_steps"])
def test_numpys_memory_grows_in_step_with_the_work_and_no_faster(field: str):
    def allocated(size: Size) -> int:
        work = sweep.workload_of(size)
        adapter = open_adapter("numpy")(work.model, work.train, work.parameters)
        adapter.load(work.inputs[:512], work.targets[:512])
        tracemalloc.start()
        adapter.train(next(work.batches())[np.newaxis] % 512)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    size = Size(hidden=32, batch=32, time_steps=28)
    one, two, four = (
        allocated(replace(size, **{field: times * getattr(size, field)})) for times in (1, 2, 4)
    )
    assert (four - two) / (two - one) == pytest.approx(2.0, rel=0.15)


def test_a_loop_whose_framework_is_not_installed_is_left_out_with_the_reason(monkeypatch: pytest.MonkeyPatch):
    def missing(target: str) -> str:
        raise AdapterUnavailable("its framework is not installed")

    monkeypatch.setattr(loops, "version", missing)
    ended = command("bench", "sine-window", "--adapters", "numpy", "--rounds", 1, "--threads", 1)
    assert ended.code == 0, ended
    assert "tutorial's NumPy loop is left out: its framework is not installed" in ended.out
    assert "× as fast as numpy" in ended.out
    assert "numpy (again)" in ended.out


def test_bench_prints_markdown_alone_where_that_is_asked_for():
    options = ("--adapters", "numpy", "--rounds", 1, "--threads", 1, "--markdown")
    ended = command("bench", "sine-window", *options)
    assert ended.code == 0, ended
    assert ended.out.startswith("| sine-window ")
    assert ended.out.splitlines()[1].startswith("|:--")


def test_bench_prints_a_table_that_fits_a_terminal():
    ended = command("bench", "sine-window", "--adapters", "numpy", "--rounds", 2, "--threads", 1)
    assert ended.code == 0, ended
    assert "tutorial's NumPy loop" in ended.out
    assert "over 2 of its processes" in ended.out
    assert max(map(len, ended.out.splitlines())) <= 80


def test_the_help_names_every_task_that_has_loops():
    said = " ".join(command("bench", "--help").out.split()).replace("- ", "-")
    assert f"Tasks: {', '.join(NATIVE_LOOPS)}; or a job of classes" in said
