"""A stored run that is odd in some way: its pages stay whole, and say what is missing."""

import json
import math
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from compare.records.run import Run
from compare.report.pages import render_pages
from compare.storage.results import load, save
from tests.brief_command import no_picture
from tests.commands import assert_refused, command
from tests.example_results import DIGITS, SINE, example_results
from tests.reports import links, tables_of, write_report

pytestmark = pytest.mark.usefixtures("no_drawing")

NAMES = ("</script><script>alert(1)</script>", "a|b", "`a` *b* [c](d) <e> $f$", "two\nlines\r\n# three", "")


def without_numbers(run):
    """The run, each of its metrics NaN."""
    epochs = [replace(epoch, metrics=dict.fromkeys(epoch.metrics, math.nan)) for epoch in run.epochs]
    return replace(run, metrics=dict.fromkeys(run.metrics, math.nan), epochs=epochs)


def called(*names):
    """The example with as many adapters more as there are names."""
    results = example_results()
    torch = [run for run in results.runs if run.adapter == "torch"]
    return replace(
        results, runs=[*results.runs, *(replace(run, adapter=name) for name in names for run in torch)]
    )


def read(results, folder):
    """The pages of results that were stored first, by name; whole, each table and each link of them."""
    save(results, folder)
    write_report(load(folder), folder)
    pages = {path.name: path.read_text() for path in (folder / "README.md", *(folder / "pages").glob("*.md"))}
    for name, text in pages.items():
        place = folder if name == "README.md" else folder / "pages"
        assert all((place / link.partition("#")[0]).is_file() for link in links(text)), name
        assert all({len(row) for row in table} == {len(table[0])} for table in tables_of(text)), name
        assert len(tables_of(text)) == MarkdownIt().enable("table").render(text).count("<table>"), name
        assert not any(nothing(section) for section in text.split("\n## ")), name
    return pages


def nothing(section):
    """Whether a section is a heading alone, or a table without a row."""
    lines = section.strip().splitlines()
    return len(lines) < 2 or any(len(table) < 3 for table in tables_of(section))


@pytest.fixture(scope="module")
def plain_pages(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", no_picture)
        return read(example_results(), tmp_path_factory.mktemp("plain"))


def test_an_adapter_may_be_called_anything(tmp_path):
    plain = read(called(*"abcde"), tmp_path)
    for page, text in read(called(*NAMES), tmp_path).items():
        assert "<script" not in text
        assert "</script" not in text
        assert [*map(len, tables_of(text))] == [*map(len, tables_of(plain[page]))]


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_in_the_environment_is_text(name, plain_pages, tmp_path):
    results = example_results()
    texts = dict.fromkeys(("date", "cpu", "preset", "system", "command"), name)
    pages = read(replace(results, environment=replace(results.environment, **texts)), tmp_path)
    for page, text in pages.items():
        shown = [line for line in text.splitlines() if not line.startswith("    ")]
        assert "<script" not in "".join(shown)
        lost = [
            len(before) - len(after)
            for before, after in zip(tables_of(plain_pages[page]), tables_of(text), strict=True)
        ]
        assert set(lost) <= {0, 0 if name else len(texts)}  # what is not known has no row


def test_a_task_may_be_called_as_a_page_is(tmp_path):
    results = example_results()
    runs = [replace(run, task="method") for run in results.runs if run.task == SINE.name]
    pages = read(replace(results, tasks=[replace(SINE, name="method")], runs=runs), tmp_path)
    assert pages["method.md"].startswith("# What is included")
    assert pages["task-method.md"].startswith("# method")


def test_a_metric_that_is_no_number_is_named_and_left_out(tmp_path):
    results = example_results()
    runs = [without_numbers(run) if run.adapter == "torch" else run for run in results.runs]
    pages = read(replace(results, runs=runs), tmp_path)
    assert "- No finite number, and left out: rmse of torch on sine-online (2 seeds), " in pages["README.md"]
    assert "nan" not in str(tables_of(pages["README.md"]))
    row = tables_of(pages["summary.md"])[0][3]
    assert row[1] == "torch"
    assert row[2] == "–"


def test_a_run_without_any_number_has_no_result(tmp_path):
    results = example_results()
    pages = read(replace(results, runs=[without_numbers(run) for run in results.runs]), tmp_path)
    assert "| no rmse " in pages["README.md"]
    assert "No adapter has a result." in pages["sine-online.md"]


def test_one_round_gives_a_ratio_and_no_interval(tmp_path):
    results = example_results()
    runs = [replace(run, rounds=run.rounds[:1]) for run in results.runs if run.seed == 0]
    pages = read(replace(results, runs=runs), tmp_path)
    assert "| numpy, by the median " in pages["README.md"]
    assert "Too few processes for an interval of the ratios on sine-online, mnist-rows" in pages["README.md"]


def test_a_run_without_a_finished_cell_says_so(tmp_path):
    failed = [
        Run(task=task.name, adapter=name, seed=0, status="failed", error=f"{name} | failed")
        for task in (SINE, DIGITS)
        for name in ("numpy", "torch")
    ]
    pages = read(replace(example_results(), runs=failed), tmp_path)
    assert "- **numpy**: **failed on every task (numpy &#124; failed)**" in pages["README.md"]
    assert "4 of 4 runs are not ok" in pages["README.md"]
    assert "No adapter has a speed to compare on sine-online, mnist-rows." in pages["README.md"]
    for says in ("No losses were recorded.", "No adapter has a result.", "No speed was measured."):
        assert says in pages["sine-online.md"]
    assert "No worker answered" in pages["environment.md"]


def test_a_task_that_no_longer_exists_is_reported_from_its_record(tmp_path):
    results = example_results()
    runs = [replace(run, task="gone") for run in results.runs if run.task == SINE.name]
    pages = read(replace(results, tasks=[replace(SINE, name="gone")], runs=runs), tmp_path)
    assert "[**gone**](pages/gone.md)" in pages["README.md"]


@pytest.mark.parametrize(
    ("tasks", "says"),
    [
        ([SINE], "The results do not describe mnist-rows: its runs are left out."),
        ([], "No task has a run that the results describe"),
        ([SINE, DIGITS, replace(DIGITS, name="later")], "No run was stored of later."),
    ],
)
def test_runs_without_a_record_and_records_without_a_run_are_named(tasks, says, tmp_path):
    assert says in read(replace(example_results(), tasks=tasks), tmp_path)["README.md"]


def test_pages_of_an_earlier_report_go(tmp_path):
    read(example_results(), tmp_path)
    (tmp_path / "pages" / "notes.txt").touch()
    results = example_results()
    read(replace(results, runs=[run for run in results.runs if run.status == "ok"]), tmp_path)
    assert not (tmp_path / "pages" / "problems.md").exists()
    assert (tmp_path / "pages" / "notes.txt").exists()


def test_a_folder_from_before_reports_had_pages_is_rendered(tmp_path):
    (tmp_path / "README.md").write_text("# Lockstep report")
    assert "pages/sine-online.md" in read(example_results(), tmp_path)["README.md"]


@pytest.mark.parametrize(
    ("stored", "reader"),
    [
        ({"schema": 0, "environment": {"lockstep": "0.0.3"}}, "Lockstep 0.0.3"),
        ({"schema": 7}, "the version that wrote it"),
    ],
)
def test_another_schema_is_refused_with_the_version_that_reads_it(stored, reader, tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(stored))
    says = f"schema {stored['schema']}, but this version reads schema 1: render it with {reader}"
    assert_refused(command("report", tmp_path), says)
    assert {path.name for path in tmp_path.iterdir()} == {"results.json"}


def test_rendering_writes_no_page(tmp_path):
    first, *_ = render_pages(example_results(), tmp_path)
    assert first.name == "README.md"
    assert not (tmp_path / "README.md").exists()
    assert list((tmp_path / "pages").iterdir()) == []
