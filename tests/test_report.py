"""What a report promises, on results made up for the purpose."""

import csv
import re
import shutil
import warnings
from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.console import Console

from adapters import VARIANTS
from compare.analysis.loss_agreement import agreements
from compare.analysis.task_summary import task_summaries
from compare.cli.stored import render
from compare.cli.summary import results_table
from compare.records.environment import Interruption
from compare.records.run import Epoch, Round, Run
from compare.report.figures.efficiency import limit_figure
from compare.report.figures.style import set_title, styles
from compare.report.pages import render_pages
from compare.storage.results import UnreadableRun, load, save
from compare.text import code, escape, mean_with_deviation, number, signed, slug
from compare.tolerances import FLOAT32_BAND
from tests.commands import ROOT
from tests.example_results import DIGITS, HOSTILE, SINE, SPEEDS, example_results, example_run
from tests.reports import anchors, links, report_text, tables_of, write_report


@pytest.fixture(scope="module")
def results():
    return example_results()


@pytest.fixture(scope="module")
def folder(results, tmp_path_factory, drawing):
    """A report with its figures drawn."""
    place = tmp_path_factory.mktemp("report")
    save(results, place)
    with drawing():
        write_report(results, place)
    return place


@pytest.fixture(scope="module")
def front(folder):
    return (folder / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(folder):
    """Every page but the first, by name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in (folder / "pages").iterdir()}


@pytest.fixture(scope="module")
def whole(front, pages):
    return "\n".join((front, *pages.values()))


def test_the_first_page_answers_in_a_row_for_each_task(front):
    assert re.findall(r"^##? (.*)$", front, re.MULTILINE) == [
        "Lockstep report",
        "Adapters",
        "What speaks against the figures",
        "More",
    ]
    heads, _, sine, digits = tables_of(front)[0]
    assert heads == [
        "Task",
        "Fastest once warm",
        "Next: × as long",
        "Done first, whole job",
        "Best result",
        "Results agree",
        "Lockstep",
        "Smallest difference seen",
    ]
    assert sine[0].startswith("[**sine-online**](pages/sine-online.md)")
    assert sine[1] == digits[1] == "**numpy**"
    assert re.fullmatch(r"torch 2\.\d\d\u00a0× \(\d\.\d\d–\d\.\d\d\)", sine[2])
    assert sine[3].startswith("**numpy** 2.0\u00a0s<br>torch")
    assert digits[4:6] == ["accuracy 96.50\u00a0±\u00a00.71\u00a0%", "yes, equal"]
    assert digits[6].startswith("yes, first epoch to ")
    assert sine[6].startswith("**NO** (")
    assert front.count("![") == 1


def test_the_first_page_names_the_machine_and_its_matrix_rate(front):
    assert "A CPU &#124; of some kind" in front
    assert "**100 GFLOP/s** ([limit](pages/limits.md))" in front


def test_the_first_page_has_a_line_for_each_adapter(front):
    lines = front.split("## Adapters\n")[1].split("##")[0].strip().splitlines()
    assert len(lines) == len(SPEEDS)
    assert "- **tensorflow**: **unavailable on every task (No module named tensorflow)**" in lines


def test_everything_else_is_a_page_of_its_own(pages):
    assert {name: page.splitlines()[0] for name, page in pages.items()} == {
        "sine-online": "# sine-online",
        "mnist-rows": "# mnist-rows",
        "summary": "# Every adapter on every task",
        "limits": "# The machine's limit",
        "problems": "# Problems",
        "method": "# What is included in the measurements",
        "environment": "# Environment",
    }


def test_every_variant_has_a_row_with_its_outcome_or_the_command_that_tries_it(results, tmp_path):
    ran = replace(results, runs=[*results.runs, replace(results.runs[0], adapter="numba", status="failed")])
    (method,) = (page.text for page in render_pages(ran, tmp_path) if page.title.startswith("What is inc"))
    rows = {row.split("|")[1].strip(): row for row in method.splitlines() if row.startswith("| ")}
    assert {*VARIANTS} <= {*rows}
    assert "failed on" in rows["numba"]
    assert "`python -m compare run TASK --adapters numpy,keras-jax`" in rows["keras-jax"]


@pytest.mark.parametrize("tasks", [2, 10])
def test_the_first_page_has_at_most_120_lines(results, tasks, tmp_path):
    """Whatever goes wrong: many tasks, each on stand-in data, and a run that was interrupted many times."""
    interruption = Interruption(
        during="a round", environment=results.environment, versions={}, changed=["the CPU"]
    )
    records = [replace(DIGITS, name=f"task-{number}") for number in range(tasks)]
    loaded = replace(results.environment, stolen_cores=1.0, busy_cores_before=1.0, governor="powersave")
    many = replace(
        results,
        environment=loaded,
        tasks=records,
        runs=[replace(run, task=r.name) for r in records for run in results.runs if run.task == DIGITS.name],
        interrupted=True,
        interruptions=[interruption] * 20,
        baseline="torch",
    )
    front = render_pages(many, tmp_path)[0]
    assert front.name == "README.md"
    assert len(front.text.splitlines()) <= 120
    assert (
        "It was interrupted 17 more times: [environment](pages/environment.md#interruptions)." in front.text
    )


def test_the_report_of_a_standard_run_has_a_short_first_page_and_draws_each_figure_once(
    tmp_path, monkeypatch
):
    """Drawing is most of what a report costs."""
    shutil.copy(ROOT / "reports" / "reference" / "results.json", tmp_path)
    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: drawn.append(figure))
    assert render(tmp_path, baseline=None, html=False, console=Console(quiet=True)) == 0
    assert len((tmp_path / "README.md").read_text().splitlines()) <= 60
    assert len(list((tmp_path / "figures").iterdir())) == len(drawn) == 35


def test_every_link_of_every_page_leads_to_something(folder):
    pages = [folder / "README.md", *(folder / "pages").iterdir()]
    linked = set()
    for page in pages:
        for target in links(page.read_text(encoding="utf-8")):
            path, _, place = target.partition("#")
            there = (page.parent / path).resolve() if path else page
            assert there.is_file(), (page.name, target)
            linked.add(there)
            if place:
                assert place in anchors(there.read_text(encoding="utf-8")), (page.name, target)
    assert {path.resolve() for path in folder.rglob("*") if path.is_file()} <= linked


def test_every_page_is_linked_from_the_first_and_links_back(front, pages):
    for name, page in pages.items():
        assert f"](pages/{name}.md)" in front
        assert "[Back to the report](../README.md)" in page.splitlines()[2]


def test_a_page_says_that_digits_are_not_mnist(front, pages):
    warning = "> **mnist-rows was not trained on MNIST.**"
    assert warning in front.split("\n| Task")[0]
    assert warning in pages["mnist-rows"]
    assert pages["mnist-rows"].count(DIGITS.dataset) >= 5


def test_real_mnist_is_not_called_a_stand_in(results, tmp_path):
    real = replace(results, tasks=[SINE, replace(DIGITS, dataset="MNIST", stands_in_for=None)])
    assert "not trained on MNIST" not in report_text(real, tmp_path)


def test_every_table_has_one_number_of_columns(whole):
    tables = tables_of(whole)
    assert len(tables) == 2 + 2 * (1 + 8) + 2 + 1
    for table in tables:
        assert {len(row) for row in table} == {len(table[0])}


def test_hostile_names_stay_text(whole, folder):
    assert "<script" not in whole
    assert escape(HOSTILE) in whole
    for path in folder.rglob("*"):
        assert re.fullmatch(r"[A-Za-z0-9.-]+", path.name)


@pytest.mark.parametrize(
    "status_and_reason",
    ["**unavailable**: No module named tensorflow", "**diverged**: seed 1: the loss was nan at update 8"],
)
def test_summary_gives_the_reason_of_what_is_not_ok(pages, status_and_reason):
    assert status_and_reason in pages["summary"]


def test_a_variant_that_ran_has_its_speeds_in_the_row_that_asks_for_it(results, tmp_path):
    """Of the others, the row has the command that tries them."""
    ran, other, *_ = VARIANTS
    runs = [replace(run, adapter=ran) if run.adapter == "torch" else run for run in results.runs]
    text = report_text(replace(results, runs=runs), tmp_path)
    speed = r"\S+ [\d.]+ \([\d.]+–[\d.]+\), 2.01 s"
    row = rf"\| {ran} \|.*\| ok on every task; time, × fastest, and start-up: {speed}; {speed} \|"
    assert re.search(row, text)
    assert f"not run: `python -m compare run TASK --adapters numpy,{other}`" in text


def test_every_table_is_a_csv_file_with_the_same_numbers(whole, pages, folder):
    names = re.findall(r"\[(tables/.*?)\]", whole)
    assert sorted(names) == sorted(str(path.relative_to(folder)) for path in (folder / "tables").iterdir())
    rows_of_the_summary_and_variants = 3
    assert len(names) == len(tables_of(whole)) - rows_of_the_summary_and_variants
    for name in names:
        with open(folder / name, newline="", encoding="utf-8") as stream:
            rows = list(csv.reader(stream))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
    summary = pd.read_csv(folder / "tables" / "summary.csv")
    assert list(summary["adapter"][:4]) == ["numpy", "torch", HOSTILE, "tensorflow"]
    shown = tables_of(pages["summary"])[0][2:]
    for (_, row), cells in zip(summary.iterrows(), shown, strict=True):
        assert number(row["sequences_per_second_median"]) in cells[3]
        assert cells[8].strip("*").startswith(row["status"])


def test_figures_are_png_files_with_words_beside_them(whole, folder):
    images = [path.removeprefix("../") for path in re.findall(r"!\[.+?\]\((.+?)\)", whole)]
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
    page = report_text(replace(results, tasks=[SINE], runs=failed), tmp_path)
    assert "No adapter has a speed to compare." in page
    assert "- **numpy**: **failed on sine-online (no reason recorded)**" in page


def test_speeds_without_a_difference_are_not_ranked(results, tmp_path):
    torch = replace(example_run(SINE, "numpy", 0), adapter="torch")
    numpy = replace(example_run(SINE, "numpy", 0), rounds=torch.rounds[::-1])
    page = report_text(replace(results, tasks=[SINE], runs=[numpy, torch]), tmp_path)
    assert "No difference found: " in page
    assert "| tie: **numpy**, **torch** " in page or "| tie: **torch**, **numpy** " in page
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
    page = report_text(replace(results, tasks=[SINE], runs=[steady, unsteady]), tmp_path)
    assert "Too noisy to rank: only" in page
    assert "| too noisy to rank | numpy by the median |" in re.sub(" +", " ", page)
    assert "**numpy** was fastest" in page
    assert re.search(r"- Processes of one adapter took unequal times: torch on sine-online \(2\d", page)


def test_who_learns_fastest_an_epoch_a_call_is_said_where_it_is_another(results, tmp_path):
    """Calls have a fixed cost, which short epochs pay in full and long turns hardly do."""

    def page(*runs):
        return report_text(replace(results, tasks=[SINE], runs=[*runs]), tmp_path)

    numpy, torch = (example_run(SINE, name, 0) for name in ("numpy", "torch"))
    assert "as in learning" not in page(numpy, torch)
    slow = replace(numpy, epochs=[replace(e, train_seconds=4 * e.train_seconds) for e in numpy.epochs])
    answers = page(slow, torch)
    assert "**numpy** is fastest" in answers
    assert (
        "With an epoch of 1 sequence a call, as in learning, **torch** is fastest, 1,500 sequences/s against"
        in answers
    )


def test_who_is_done_first_is_said_start_up_included(results, tmp_path):
    numpy, torch = (example_run(SINE, name, 0) for name in ("numpy", "torch"))
    late = replace(numpy, cold_seconds=numpy.cold_seconds | {"import": 9.0})
    page = report_text(replace(results, tasks=[SINE], runs=[late, torch]), tmp_path)
    assert "**numpy** is fastest" in page
    assert (
        "The whole job, start-up included, is done first by **torch**, in 2.02 s, then by numpy, in 9.52 s."
        in page
    )


def test_results_that_differ_by_more_than_seeds_do_are_called_so(results, tmp_path):
    runs = [example_run(SINE, name, seed) for name in ("numpy", "torch") for seed in (0, 1)]
    worse = [
        replace(run, metrics={"rmse": 2 * run.metrics["rmse"]}) if run.adapter == "torch" else run
        for run in runs
    ]
    (_, _, row), *_ = tables_of(report_text(replace(results, tasks=[SINE], runs=worse), tmp_path))
    assert row[4:6] == ["rmse 0.110\u00a0±\u00a00.014, numpy", "**no**, up to 0.12 apart"]


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
    assert "not comparable" in report_text(replace(results, tasks=[SINE], runs=runs), tmp_path)


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


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (float("nan"), "–"),
        (0.104, "+0.1"),
        (-2.46, "−2.5"),
        (99.4, "+99"),
        (99.6, "+100"),
        (-163.2, "−163"),
        (1e4, "+10,000"),
    ],
)
def test_differences_have_their_sign_and_whole_numbers_in_full(value, shown):
    assert signed(value) == shown


def test_file_names_are_plain_and_differ():
    names = ["sine-online", "a|b", "a/b", "../x", "", "ünï", 300 * "a", 301 * "a"]
    assert slug("sine-online") == "sine-online"
    assert len({slug(name) for name in names}) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,100}", slug(name)) for name in names)


def test_code_cannot_be_left():
    assert all(line.startswith("    ") for line in code("a\n```\n<b>\x1b[0m").splitlines())


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


@pytest.mark.parametrize("width", [4.6, 10.0])
def test_the_title_of_a_figure_is_whole_however_long_a_name_is(width):
    figure = Figure(figsize=(width, 5))
    changes = ", ".join(f"train.optimizer.adam.beta{n}=0.9" for n in range(5))
    set_title(figure, f"load ({changes}): training loss\ndata: load.csv, 400 rows")
    extent = figure.texts[0].get_window_extent(FigureCanvasAgg(figure).get_renderer())
    assert extent.x0 >= 0
    assert extent.x1 <= figure.bbox.width
    assert extent.y0 >= figure.bbox.height - 0.6 * figure.dpi
