"""What a report promises, on results made up for the purpose."""

import csv
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.random import PCG64, Generator

from compare.analysis.lockstep import BAND, agreements
from compare.analysis.standings import standings
from compare.markup import code, escape, number, slug, uncertain
from compare.measurements import Inference, ProductRate
from compare.records import (
    Environment,
    Epoch,
    Results,
    Round,
    Run,
    TaskRecord,
    UnreadableRun,
    WorkerFacts,
    load,
    save,
)
from compare.report.page import write_report
from tasks.interface import Confusion, Forecast, Metric

HOSTILE = "a|b<script>alert(1)</script>\n`*[x](y)$"
SPEEDS = {"numpy": 3000.0, "torch": 1500.0, "tensorflow": 400.0, HOSTILE: 300.0}
SINE = TaskRecord(
    name="sine-online",
    summary="Predict the next point of a sine.",
    source="tutorials/000",
    dataset="20 points of sin on [2, 10]",
    model={"cell": "elman", "hidden": 6, "loss": "half_squared_error", "bias": False},
    train={"optimizer": "sgd", "learning_rate": 0.1, "clip_value": None},
    batch_size=1,
    epochs=20,
    updates_per_epoch=20,
    sequences=1,
    held_out_sequences=1,
    time_steps=20,
    metrics=[Metric(name="rmse", better="lower", unit="", target=0.2)],
    operations_per_sequence=1000,
)
DIGITS = TaskRecord(
    name="mnist-rows",
    summary="Read an image row by row and name its digit.",
    source="tutorials/003",
    dataset="digits stand-in (not MNIST)",
    model={"cell": "lstm", "hidden": 128, "loss": "softmax_cross_entropy", "bias": True},
    train={"optimizer": "adam", "learning_rate": 0.001, "epsilon": 1e-7},
    batch_size=128,
    epochs=2,
    updates_per_epoch=100,
    sequences=12800,
    held_out_sequences=1000,
    time_steps=8,
    metrics=[
        Metric(name="accuracy", better="higher", unit="%", target=95.0),
        Metric(name="cross-entropy", better="lower", unit="nat", target=0.2),
    ],
    operations_per_sequence=1_000_000,
)


def made_up_run(task, adapter, seed, drift=1e-6):
    """A run that finished; its losses differ from those of other adapters by about `drift`."""
    shared = Generator(PCG64(seed))
    own = Generator(PCG64([seed, *adapter.encode()]))
    updates = task.epochs * task.updates_per_epoch
    losses = np.exp(-4 * np.arange(updates) / updates) * shared.uniform(0.6, 1.4, updates)
    losses += drift * own.uniform(0.5, 1, updates)
    seconds = task.sequences / SPEEDS[adapter]
    values = {
        metric.name: 0.1 + 0.02 * seed if metric.better == "lower" else 96.0 + seed for metric in task.metrics
    }
    time = np.linspace(0, 8, 40)
    return Run(
        task=task.name,
        adapter=adapter,
        seed=seed,
        status="ok",
        metrics=values,
        epochs=[
            Epoch(train_seconds=seconds, sequences=task.sequences, losses=part.tolist(), metrics=values)
            for part in np.split(losses, task.epochs)
        ],
        rounds=[
            Round(index=index, sequences=task.sequences, seconds=seconds * own.uniform(0.98, 1.05))
            for index in range(12)
        ],
        cold_seconds={"import": 1.5, "construct": 0.1, "load": 0.01, "first_train": 0.4},
        sequences_per_second=SPEEDS[adapter],
        peak_rss_bytes=300 * 2**20 + seed,
        import_rss_bytes=200 * 2**20,
        worker=WorkerFacts(versions={"numpy": "2.3.0"}, blas=["openblas 0.3.29"], threads=1),
        warm_train_seconds=0.1,
        inference=Inference(batch=256, single_seconds=[1e-3] * 98 + [2e-3] * 2, batch_seconds=[0.128] * 5),
        matrix_product=ProductRate(size=1024, operations_per_second=1e11, kernel="openblas for Haswell"),
        forecast=Forecast(
            x_label="x",
            y_label="sin(x)",
            x=tuple(time.tolist()),
            actual=tuple(np.sin(time).tolist()),
            predicted=tuple((np.sin(time) + own.normal(0, 0.02) + 0.05).tolist()),
        )
        if task is SINE
        else None,
        confusion=Confusion(
            labels=tuple("0123456789"),
            counts=tuple(map(tuple, (own.integers(0, 4, (10, 10)) + 90 * np.eye(10, dtype=int)).tolist())),
        )
        if task is DIGITS
        else None,
    )


@pytest.fixture(scope="module")
def results():
    """Two tasks, four adapters, two seeds: one cannot be had, one diverges, one has a hostile name."""
    runs = [made_up_run(t, a, s) for t in (SINE, DIGITS) for s in (0, 1) for a in ("numpy", "torch", HOSTILE)]
    missing = [
        Run(
            task=t.name,
            adapter="tensorflow",
            seed=s,
            status="unavailable",
            error="No module named tensorflow",
        )
        for t in (SINE, DIGITS)
        for s in (0, 1)
    ]
    broken = made_up_run(SINE, HOSTILE, 1)
    first = replace(broken.epochs[0], losses=broken.epochs[0].losses[:7])
    diverged = replace(
        broken, status="diverged", error="the loss was nan at update 8", metrics={}, epochs=[first], rounds=[]
    )
    return Results(
        environment=Environment(
            date="2026-01-02T03:04:05+00:00",
            command="python -m compare all --preset quick",
            lockstep="0.1.0",
            python="CPython 3.12.0",
            system="Linux",
            cpu="A CPU | of some kind",
            physical_cores=4,
            logical_cores=8,
            memory_bytes=16 * 2**30,
            threads=1,
            preset="quick",
            flags=["avx", "avx2"],
        ),
        tasks=[SINE, DIGITS],
        runs=[diverged if run == broken else run for run in runs] + missing,
    )


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    place = tmp_path_factory.mktemp("report")
    save(results, place)
    write_report(results, place)
    return place


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "README.md").read_text(encoding="utf-8")


def tables_of(page):
    """Every Markdown table as rows of cells; a bar counts as a border whether or not it was meant as one."""
    lines = [re.findall(r"[^|]+", line) if line.startswith("|") else None for line in page.splitlines()]
    tables, current = [], []
    for line in [*lines, None]:
        if line is not None:
            current.append([cell.strip() for cell in line])
        elif current:
            tables.append(current)
            current = []
    return tables


def test_page_answers_first_and_has_every_section(page):
    headings = re.findall(r"^##? (.*)$", page, re.MULTILINE)
    assert headings == [
        "Lockstep report",
        "Answers",
        "sine-online",
        "mnist-rows",
        "The physical limit",
        "Problems",
        "What is included in the measurements",
        "Environment",
        "Reproduce",
        "Files",
    ]
    answers = page.split("## sine-online")[0]
    assert re.search(
        r"\*\*sine-online\*\*.*\*\*numpy\*\* is fastest.* the next, torch, takes 2\.\d\d times", answers
    )
    assert "Same result" in answers
    assert "In lockstep: the losses of torch" in answers


def test_page_says_that_digits_are_not_mnist(page, results):
    warning = "**mnist-rows was not trained on MNIST.**"
    assert warning in page
    section = page.split("## mnist-rows\n")[1].split("## Problems")[0]
    assert section.count(DIGITS.dataset) >= 5


def test_real_mnist_is_not_called_a_stand_in(results, tmp_path):
    real = replace(results, tasks=[SINE, replace(DIGITS, dataset="MNIST")])
    assert "not trained on MNIST" not in write_report(real, tmp_path).read_text()


def test_every_table_has_one_number_of_columns(page):
    tables = tables_of(page)
    assert len(tables) == 1 + 2 * 8 + 2
    for table in tables:
        assert {len(row) for row in table} == {len(table[0])}


def test_hostile_names_stay_text(page, folder):
    assert "<script" not in page
    assert escape(HOSTILE) in page
    for path in folder.rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9.-]+", path.name)


@pytest.mark.parametrize(
    "status_and_reason",
    ["**unavailable**: No module named tensorflow", "**diverged**: seed 1: the loss was nan at update 8"],
)
def test_summary_gives_the_reason_of_what_is_not_ok(page, status_and_reason):
    assert status_and_reason in page


def test_every_table_is_a_csv_file_with_the_same_numbers(page, folder, results):
    names = re.findall(r"^- \[(tables/.*?)\]", page, re.MULTILINE)
    assert sorted(names) == sorted(str(path.relative_to(folder)) for path in (folder / "tables").iterdir())
    assert len(names) == len(tables_of(page))
    for name in names:
        with open(folder / name, newline="", encoding="utf-8") as stream:
            rows = list(csv.reader(stream))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
    summary = pd.read_csv(folder / "tables" / "summary.csv")
    assert list(summary["adapter"][:4]) == ["numpy", "torch", HOSTILE, "tensorflow"]
    shown = tables_of(page)[0][2:]
    for (_, row), cells in zip(summary.iterrows(), shown, strict=True):
        assert number(row["sequences_per_second_median"]) in cells[3]
        assert cells[7].strip("*").startswith(row["status"])


def test_figures_are_png_files_with_words_beside_them(page, folder):
    images = re.findall(r"!\[.+?\]\((.+?)\)", page)
    assert set(images) == {
        "figures/summary.png",
        "figures/limit.png",
        "figures/sine-online-progress.png",
        "figures/mnist-rows-progress.png",
        "figures/sine-online-loss.png",
        "figures/sine-online-forecast.png",
        "figures/mnist-rows-loss.png",
        "figures/mnist-rows-confusion.png",
    }
    for path in images:
        assert (folder / path).read_bytes().startswith(b"\x89PNG")


def test_records_come_back_as_they_were(folder, results):
    assert load(folder) == results


@pytest.mark.parametrize("content", ["", "{}", '{"schema": 1}', '{"schema": 99}', "\x00"])
def test_unreadable_results_are_named(tmp_path, content):
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(UnreadableRun, match=re.escape(str(tmp_path / "results.json"))):
        load(tmp_path)


def test_missing_results_are_named(tmp_path):
    with pytest.raises(UnreadableRun, match=r"results\.json"):
        load(tmp_path)


def test_report_of_nothing_that_worked(results, tmp_path):
    failed = [Run(task=SINE.name, adapter=a, seed=0, status="failed") for a in ("numpy", "torch")]
    page = write_report(replace(results, tasks=[SINE], runs=failed), tmp_path).read_text()
    assert "No adapter has a speed to compare." in page
    assert page.count("no reason recorded") == 4


def test_speeds_that_cannot_be_told_apart_are_not_ranked(results, tmp_path):
    torch = replace(made_up_run(SINE, "numpy", 0), adapter="torch")
    numpy = replace(made_up_run(SINE, "numpy", 0), rounds=torch.rounds[::-1])
    page = write_report(replace(results, tasks=[SINE], runs=[numpy, torch]), tmp_path).read_text()
    assert "No clear winner" in page
    assert "is fastest" not in page


def test_pairs_decide_who_is_fastest(results):
    """One adapter has the higher median, but the other is faster in four rounds of five."""
    seconds = {"numpy": [1.0, 1.0, 4.0, 4.0, 2.0] * 4, "torch": [0.9, 0.9, 3.9, 3.9, 2.1] * 4}
    runs = [
        replace(
            made_up_run(SINE, name, 0),
            rounds=[Round(index=i, sequences=1, seconds=s) for i, s in enumerate(column)],
        )
        for name, column in seconds.items()
    ]
    first, second = standings(replace(results, tasks=[SINE], runs=runs))[0].ranked
    assert (first.adapter, first.slowdown) == ("torch", 1.0)
    assert second.slowdown == pytest.approx(4.0 / 3.9)


def test_losses_that_leave_the_band_make_a_speed_not_comparable(results, tmp_path):
    runs = [made_up_run(SINE, "torch", 0, drift=10 * BAND), made_up_run(SINE, "numpy", 0)]
    task = standings(replace(results, tasks=[SINE], runs=runs))[0]
    torch, numpy = task.adapters
    assert numpy.agreement.verdict == "reference"
    assert (torch.agreement.verdict, torch.agreement.left_at) == ("left", 1)
    assert torch.agreement.largest_absolute == pytest.approx(10 * BAND, rel=0.5)
    assert not torch.comparable
    assert task.ranked == (numpy,)
    assert "not comparable" in write_report(replace(results, tasks=[SINE], runs=runs), tmp_path).read_text()


def test_lockstep_is_relative_only_above_one():
    def run(adapter, losses):
        epoch = Epoch(train_seconds=1.0, sequences=1, losses=losses, metrics={})
        return Run(task="t", adapter=adapter, seed=0, status="ok", epochs=[epoch])

    within, left = agreements(
        [run("numpy", [100.0, 0.01]), run("a", [100.1, 0.011]), run("b", [100.0, 0.013])]
    )[1:]
    assert (within.verdict, within.largest_absolute, within.largest_relative) == (
        "within",
        pytest.approx(0.1),
        pytest.approx(0.001),
    )
    assert (left.verdict, left.left_at, left.left_seed) == ("left", 2, 0)


def test_target_counts_the_seconds_of_the_epochs_before(results):
    task = standings(results)[0]
    assert task.adapters[0].seconds_to(SINE.metrics[0]) == pytest.approx([1 / 3000, 1 / 3000])


@pytest.mark.parametrize(
    ("mean", "sd", "shown"),
    [
        (0.10123, 0.0204, "0.101 ± 0.020"),
        (98.38, 0.1, "98.38 ± 0.10"),
        (0.5, 0.0, "0.5 ± 0"),
        (0.12345, float("nan"), "0.1235"),
        (1234.5, 56.0, "1234 ± 56"),
    ],
)
def test_deviation_decides_the_digits(mean, sd, shown):
    assert uncertain(mean, sd).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(12345.6, "12,300"), (0.0012345, "0.00123"), (999.6, "1,000"), (None, "–"), (5, "5")]
)
def test_numbers_have_three_digits(value, shown):
    assert number(value) == shown


def test_file_names_are_plain_and_differ():
    names = ["sine-online", "a|b", "a/b", "../x", "", "ünï"]
    assert slug("sine-online") == "sine-online"
    assert len({slug(name) for name in names}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", slug(name)) for name in names)


def test_code_cannot_be_left():
    assert all(line.startswith("    ") for line in code("a\n```\n<b>\x1b[0m").splitlines())
