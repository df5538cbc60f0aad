"""What report.html is made of, without a browser."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from compare.analysis.task_summary import task_summaries
from compare.report.figures.predictions import forecast_figure
from compare.report.figures.style import styles
from compare.report.html.document import write_html
from compare.report.html.markdown import Places, render
from compare.report.html.packing import script_json
from compare.report.html.plots import POINTS, thinned
from compare.report.html.sources import sources
from compare.report.html.task_plots import plots
from compare.report.page import Page
from compare.report.pages import render_pages
from compare.storage.results import load
from tests.example_results import DIGITS, SINE, example_results, example_run
from tests.opened_report import write_report

REFERENCE = Path(__file__).parents[1] / "reports" / "reference"
LARGEST = 8_000_000
REQUESTS = r'(?:src|href)="(?!#|data:image/png;base64,)'


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write_report(example_results(), tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def text(report):
    return report.read_text(encoding="utf-8")


def test_the_file_needs_no_other(text):
    assert text.startswith("<!doctype html>")
    assert re.findall(REQUESTS, text) == []
    assert "default-src 'none'" in text


def test_it_says_what_the_markdown_says(report, text):
    pages = [report.parent / "README.md", *(report.parent / "pages").glob("*.md")]
    markdown = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert len(pages) > 5
    assert text.count("<table") == len(re.findall(r"^\|:?-", markdown, re.MULTILINE))
    for heading in re.findall(r"^##+ (.*)$", markdown, re.MULTILINE):
        assert f">{heading}</h" in text
    assert "&lt;script&gt;" in text
    assert 'blockquote class="warning"' in text
    assert "[!WARNING]" not in text


def test_no_line_ends_within_a_range_of_numbers_in_a_table():
    page = Page(name="README.md", title="", text="| a |\n|---|\n| x&lt;b&gt;1–2 to 3e-4 |")
    places = Places(
        folder=Path(), addresses={"README.md": ""}, downloads=(), plots=(), tables={}, replaced={}
    )
    whole = '<span class="whole">x&lt;b&gt;1–2</span> to <span class="whole">3e-4</span>'
    assert whole in render(page, places)


def test_data_cannot_end_the_element_that_they_stand_in():
    assert "<" not in script_json({"a</script>": "<!--<script>\u2028"})


def test_a_thinned_curve_keeps_its_ends_and_every_peak():
    values = np.zeros(100_000)
    values[[777, 55_555]] = 5.0, -3.0
    x, y = thinned(np.arange(100_000.0), values)
    assert len(x) == len(y) <= POINTS + 2
    assert (x[0], x[-1]) == (0, 99_999)
    assert {(777, 5.0), (55_555, -3.0)} <= set(zip(x, y, strict=True))


def test_only_the_code_of_registered_adapters_is_read():
    run = example_run(DIGITS, "numpy", 0)
    found = sources([run])
    assert next(iter(found["numpy"])) == "adapters/numpy_backend/adapter.py"
    assert "class NumpyAdapter" in found["numpy"]["adapters/numpy_backend/adapter.py"]


@pytest.mark.parametrize("name", ["../../etc/passwd", "os:path", "mine.py:Adapter"])
def test_no_name_in_the_results_leads_to_a_file(name):
    run = example_run(DIGITS, "numpy", 0)
    object.__setattr__(run, "adapter", name)
    assert sources([run]) == {}


@pytest.mark.exhaustive
def test_a_standard_run_is_below_eight_megabytes(tmp_path):
    results = load(REFERENCE)
    (tmp_path / "results.json").write_bytes((REFERENCE / "results.json").read_bytes())
    path = write_html(results, render_pages(results, tmp_path), tmp_path)
    assert path.stat().st_size < LARGEST


def test_a_forecast_over_dates_is_drawn_over_dates():
    begin, hours = np.datetime64("2026-01-31T22"), np.arange(40)
    run = example_run(SINE, "numpy", 0)
    x = tuple((begin + hours).astype("datetime64[s]").astype(float).tolist())
    run = replace(run, forecast=replace(run.forecast, x=x, dates=True))
    (task,) = task_summaries(replace(example_results(), tasks=[SINE], runs=[run]))
    (line, *_) = forecast_figure(task, styles(["numpy"])).axes[0].lines
    np.testing.assert_array_equal(line.get_xdata(), begin + hours)
    (view,) = next(plot for plot in plots([task], []).values() if "against actual" in plot.title).views
    assert view.x.dates
    np.testing.assert_array_equal(np.array(view.lines[0].x).astype("datetime64[ms]"), begin + hours)
