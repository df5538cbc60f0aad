"""What a report promises, on results made up for the purpose."""

import csv
import re
import warnings
from dataclasses import replace

import pandas as pd
import pytest
from rich.console import Console

from compare.analysis.loss_agreement import agreements
from compare.analysis.task_summary import task_summaries
from compare.cli.summary import results_table
from compare.records.run import Epoch, Round, Run
from compare.report.figures.efficiency import limit_figure
from compare.report.figures.style import styles
from compare.report.html import write_html
from compare.report.page import write_report
from compare.storage.results import UnreadableRun, load, save
from compare.text import code, escape, mean_with_deviation, number, slug
from compare.tolerances import FLOAT32_BAND
from tests.example_results import DIGITS, HOSTILE, SINE, example_results, example_run

pytestmark = pytest.mark.usefixtures("no_drawing")


@pytest.fixture(scope="module")
def results():
    return example_results()


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory):
    """A report with its figures drawn."""
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
    real = replace(results, tasks=[SINE, replace(DIGITS, dataset="MNIST", stands_in_for=None)])
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
        assert cells[8].strip("*").startswith(row["status"])


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
        assert (folder / path).stat().st_size > 5_000


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


def test_speeds_without_a_difference_are_not_ranked(results, tmp_path):
    torch = replace(example_run(SINE, "numpy", 0), adapter="torch")
    numpy = replace(example_run(SINE, "numpy", 0), rounds=torch.rounds[::-1])
    page = write_report(replace(results, tasks=[SINE], runs=[numpy, torch]), tmp_path).read_text()
    assert "No difference found: " in page
    assert "is fastest" not in page


def in_three_processes(run, *factors):
    """The rounds of a run, those of each process so many times as long."""
    turns = [(turn, turn.index // 4) for turn in run.rounds]
    return replace(
        run, rounds=[replace(t, process=part, seconds=t.seconds * factors[part]) for t, part in turns]
    )


def test_processes_too_unlike_for_a_ranking_are_named(results, tmp_path):
    steady = in_three_processes(example_run(SINE, "numpy", 0), 1, 1, 1)
    unsteady = in_three_processes(example_run(SINE, "torch", 0), 1, 5, 25)
    page = write_report(replace(results, tasks=[SINE], runs=[steady, unsteady]), tmp_path).read_text()
    assert "Too noisy to rank: only" in page
    assert "**numpy** was fastest" in page
    assert re.search(
        r"\*\*Caveat\*\*: Processes of one adapter took unequal times: torch on sine-online \(2\d", page
    )


def test_who_learns_fastest_an_epoch_a_call_is_said_where_it_is_another(results, tmp_path):
    """Calls have a fixed cost, which short epochs pay in full and long turns hardly do."""

    def page(*runs):
        return write_report(replace(results, tasks=[SINE], runs=[*runs]), tmp_path).read_text()

    numpy, torch = (example_run(SINE, name, 0) for name in ("numpy", "torch"))
    assert "as in learning" not in page(numpy, torch)
    slow = replace(numpy, epochs=[replace(e, train_seconds=4 * e.train_seconds) for e in numpy.epochs])
    answers = page(slow, torch).split("Can you trust it?")[0]
    assert "**numpy** is fastest" in answers
    assert (
        "With an epoch of 1 sequence a call, as in learning, **torch** is fastest, 1,500 sequences/s against"
        in answers
    )


def test_who_is_done_first_is_said_start_up_included(results, tmp_path):
    numpy, torch = (example_run(SINE, name, 0) for name in ("numpy", "torch"))
    late = replace(numpy, cold_seconds=numpy.cold_seconds | {"import": 9.0})
    page = write_report(replace(results, tasks=[SINE], runs=[late, torch]), tmp_path).read_text()
    assert "**numpy** is fastest" in page
    assert (
        "The whole job, start-up included, is done first by **torch**, in 2.02 s, then by numpy, in 9.52 s."
        in page
    )


def test_pairs_decide_who_is_fastest(results):
    """One adapter has the higher median, but the other is faster in four rounds of five."""
    seconds = {"numpy": [1.0, 1.0, 4.0, 4.0, 2.0] * 4, "torch": [0.9, 0.9, 3.9, 3.9, 2.1] * 4}
    runs = [
        replace(
            example_run(SINE, name, 0),
            rounds=[Round(index=i, sequences=1, seconds=s) for i, s in enumerate(column)],
        )
        for name, column in seconds.items()
    ]
    first, second = task_summaries(replace(results, tasks=[SINE], runs=runs))[0].ranked
    assert (first.adapter, first.slowdown) == ("torch", 1.0)
    assert second.slowdown == pytest.approx(4.0 / 3.9)


def test_losses_that_leave_the_band_make_a_speed_not_comparable(results, tmp_path):
    runs = [example_run(SINE, "torch", 0, drift=10 * FLOAT32_BAND), example_run(SINE, "numpy", 0)]
    task = task_summaries(replace(results, tasks=[SINE], runs=runs))[0]
    torch, numpy = task.adapters
    assert numpy.agreement.result == "reference"
    assert (torch.agreement.result, torch.agreement.left_at) == ("left", 1)
    assert torch.agreement.largest_absolute == pytest.approx(10 * FLOAT32_BAND, rel=0.5)
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
    assert (within.result, within.largest_absolute, within.largest_relative) == (
        "within",
        pytest.approx(0.1),
        pytest.approx(0.001),
    )
    assert (left.result, left.left_at, left.left_seed) == ("left", 2, 0)


def test_target_counts_the_seconds_of_the_epochs_before(results):
    task = task_summaries(results)[0]
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
    assert mean_with_deviation(mean, sd).replace("\u00a0", " ") == shown


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


@pytest.fixture(scope="module")
def html(folder):
    return write_html(folder).read_text(encoding="utf-8")


def test_the_html_page_needs_no_other_file(html, page):
    sources = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert sources
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in sources)
    assert html.count("data:image/png") == len(re.findall(r"!\[.+?\]\((.+?)\)", page))


def test_the_html_page_says_what_the_markdown_says(html, page):
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<table>") == len(tables_of(page))
    for _, heading in re.findall(r"^(##+) (.*)$", page, re.MULTILINE):
        assert f">{heading}</h" in html
    for target in re.findall(r'href="#([^"]*)"', html):
        assert f'id="{target}"' in html
    assert 'blockquote class="warning"' in html
    assert "[!WARNING]" not in html


def test_the_terminals_table_cuts_no_word_and_says_a_status_once(results):
    name = "a_package_with_a_long_name.and_a_module:AndAnAdapter"
    run = replace(results.runs[0], adapter=name, status="interrupted", error="interrupted after 2 epochs")
    console = Console(width=80)
    with console.capture() as captured:
        console.print(results_table(replace(results, runs=[*results.runs, run])))
    assert "…" not in captured.get()
    assert captured.get().count("interrupted") == 1


def test_the_limits_figure_has_room_for_the_long_name_of_a_kernel(results):
    kernel = "torch, MKL for " + "Advanced Vector Extensions with support for many instructions, " * 4
    rate = replace(results.runs[0].matrix_product, operations_per_second=1e15, kernel=kernel)
    runs = [replace(results.runs[0], matrix_product=rate), *results.runs[1:]]
    tasks = task_summaries(results)
    figure = limit_figure(tasks, runs, styles([run.adapter for run in runs]))
    with warnings.catch_warnings(action="error"):
        figure.draw_without_rendering()
