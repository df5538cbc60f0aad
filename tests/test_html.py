"""report.html in a browser: what can be clicked, what its address keeps, what it never does."""

import json
import math
import re
from dataclasses import replace

import pytest

from compare.analysis.speeds import times
from compare.analysis.task_summary import task_summaries
from compare.text import factor
from tests.example_results import DIGITS, HOSTILE, SINE, example_results
from tests.opened_report import DRAWN, Opener, chromium, started_browser, until, write_report

if chromium() is None:
    pytest.skip("no Chromium: report.html is not tested in a browser", allow_module_level=True)

CLOSING = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
SUMMARY = "#page=summary"
SHOWN = "section.page:not([hidden])"


def renamed(results, name):
    """The results with another name in the place of the hostile one."""
    runs = [replace(run, adapter=name) if run.adapter == HOSTILE else run for run in results.runs]
    return replace(results, runs=runs)


@pytest.fixture(scope="module")
def browser():
    with started_browser() as started:
        yield started


@pytest.fixture(scope="module")
def results():
    return renamed(example_results(), CLOSING)


@pytest.fixture(scope="module")
def report(browser, results, tmp_path_factory):
    return write_report(results, tmp_path_factory.mktemp("report"))


@pytest.fixture
def opened(browser):
    """Opens a report; whatever a test does there, nothing is complained of or sent."""
    opener = Opener(browser)
    yield opener
    opener.close()
    assert not opener.complaints
    assert not opener.strangers


def column(page, name, table="table.speeds"):
    """What stands in a column of the table that is shown, from the top, rows that are filtered out apart."""
    heads = page.locator(f"{SHOWN} {table} th").all_inner_texts()
    place = next(place for place, head in enumerate(heads) if head.strip().startswith(name))
    return page.locator(f"{SHOWN} {table} tbody tr:not([hidden]) td:nth-child({place + 1})").all_inner_texts()


def traces(page, figure):
    """The names of the lines that a figure shows."""
    return page.evaluate(
        "name => document.querySelector(`[data-plot='${name}'] .drawing`).data.map(({meta}) => meta[0])",
        figure,
    )


def numbers(texts):
    return [float(text.replace(",", "")) for text in texts if text != "–"]


def test_a_click_sorts_and_a_second_one_turns_the_order_around(opened, report):
    page = opened(report, SUMMARY)
    head = page.locator(f"{SHOWN} th[data-key=rate]")
    head.get_by_role("button").click()
    until(
        page, "Boolean(document.querySelector('section:not([hidden]) [data-key=rate][aria-sort=ascending]'))"
    )
    shown = column(page, "Sequences/s")
    assert numbers(shown) == sorted(numbers(shown))
    assert shown[-1] == "–"
    head.get_by_role("button").click()
    until(
        page, "Boolean(document.querySelector('section:not([hidden]) [data-key=rate][aria-sort=descending]'))"
    )
    assert numbers(column(page, "Sequences/s")) == sorted(numbers(shown), reverse=True)
    assert column(page, "Sequences/s")[-1] == "–"


def test_the_keyboard_sorts(opened, report):
    page = opened(report, SUMMARY)
    page.locator(f"{SHOWN} th[data-key=adapter] button").focus()
    page.keyboard.press("Enter")
    until(page, "Boolean(document.querySelector('[data-key=adapter][aria-sort=ascending]'))")
    assert column(page, "Adapter")[:2] == [CLOSING, CLOSING]


def test_a_filter_leaves_the_rows_that_have_all_its_words(opened, report):
    page = opened(report, SUMMARY)
    page.get_by_role("searchbox", name=re.compile("speeds")).fill("sine torch")
    until(page, "document.querySelector('section:not([hidden]) .count').textContent === '1 of 8 rows'")
    assert column(page, "Adapter") == ["torch"]


def test_a_click_takes_any_adapter_as_the_baseline(opened, report, results):
    page = opened(report, SUMMARY)
    for baseline in ("torch", "numpy", CLOSING):
        choice = (
            page.locator(SHOWN).get_by_role("button", name=baseline, exact=True).and_(page.locator(".choice"))
        )
        choice.click()
        page.locator(f"{SHOWN} .choice[aria-pressed=true]", has_text=baseline).wait_for()
        expected = []
        for task in task_summaries(results):
            base = next(summary for summary in task.adapters if summary.adapter == baseline)
            for summary in task.adapters:
                ratio = times(summary.runs, base.runs) if summary.comparable and base.comparable else None
                expected.append(factor(ratio.median) if ratio else "–")
        assert [text.split(" ")[0] for text in column(page, "Time")] == expected


def test_the_summary_figure_follows_the_baseline(opened, report):
    page = opened(report)
    page.locator(SHOWN).get_by_role("button", name="torch", exact=True).click()
    until(page, "location.hash.includes('baseline=torch')")
    label = "document.querySelector('[data-plot=summary] .drawing').layout.xaxis.title.text"
    until(page, f'{label} === "time, × torch\'s"')
    until(page, """document.querySelector("[data-plot=summary]").ariaLabel.includes("of torch's")""")


def test_the_pointer_shows_a_value(opened, report):
    page = opened(report, "#task=sine-online")
    place = page.evaluate(
        """() => {
          const drawing = document.querySelector("[data-plot=sine-online-loss] .drawing");
          drawing.scrollIntoView({block: "center"});
          const {xaxis, yaxis} = drawing._fullLayout;
          const line = drawing.data.find(({meta}) => meta[0] === "torch, median");
          const box = drawing.getBoundingClientRect();
          return {
            x: box.x + xaxis._offset + xaxis.d2p(line.x[7]),
            y: box.y + yaxis._offset + yaxis.d2p(line.y[7]),
          };
        }"""
    )
    page.mouse.move(place["x"], place["y"])
    label = page.locator("[data-plot=sine-online-loss] .hoverlayer text").first
    label.wait_for()
    shown = label.text_content()
    assert re.search(r"median|seed", shown)
    assert re.search(r"updates: [\d.]+.*error: [\d.]+", shown)


def test_adapters_and_seeds_are_switched_on_and_off(opened, report):
    page = opened(report, "#task=sine-online")
    figure = page.locator("[data-plot=sine-online-loss]")
    assert {"torch, seed 0", "torch, seed 1", "torch, median"} <= set(traces(page, "sine-online-loss"))
    torch = figure.get_by_role("button", name="torch", exact=True)
    torch.click()
    figure.locator("[aria-pressed=false]", has_text="torch").wait_for()
    assert "hide=torch" in page.evaluate("location.hash")
    until(
        page,
        """document.querySelector("[data-plot=sine-online-loss] .drawing").data
        .every(({meta}) => !meta[0].startsWith("torch"))""",
    )
    figure.get_by_role("button", name="1", exact=True).click()
    until(
        page,
        """document.querySelector("[data-plot=sine-online-loss] .drawing").data
        .every(({meta}) => !meta[0].endsWith("seed 1"))""",
    )
    assert "numpy, seed 0" in traces(page, "sine-online-loss")
    torch.press("Space")
    until(page, "!location.hash.includes('hide=torch')")


def test_a_figure_zooms_and_the_address_keeps_it(opened, report):
    page = opened(report, "#task=sine-online")
    drawing = page.locator("[data-plot=sine-online-loss] .nsewdrag").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 200, steps=4)
    page.mouse.up()
    until(page, "location.hash.includes('zoom.sine-online-loss')")
    ranges = "document.querySelector('[data-plot=sine-online-loss] .drawing').layout.xaxis.range.map(Number)"
    zoomed = page.evaluate(ranges)
    page.reload()
    until(page, DRAWN)
    assert page.evaluate(ranges) == pytest.approx(zoomed, rel=1e-3)


def test_a_link_shows_what_i_see(opened, report):
    page = opened(report, SUMMARY)
    page.locator(f"{SHOWN} .choice").get_by_text("torch", exact=True).click()
    page.locator(f"{SHOWN} th[data-key=time] button").click()
    page.get_by_role("searchbox", name=re.compile("speeds")).fill("mnist")
    until(page, "location.hash.includes('filter')")
    seen = (column(page, "Adapter"), column(page, "Time"))
    page.reload()
    until(page, DRAWN)
    assert (column(page, "Adapter"), column(page, "Time")) == seen
    again = opened(report, page.evaluate("location.hash"))
    assert (column(again, "Adapter"), column(again, "Time")) == seen
    assert again.locator(f"{SHOWN} .choice[aria-pressed=true]").all_inner_texts() == ["torch"]


def test_back_undoes_a_step(opened, report):
    page = opened(report)
    page.get_by_role("navigation").get_by_role("link", name="sine-online").click()
    until(page, "location.hash === '#task=sine-online'")
    assert page.locator("nav [aria-current=page]").inner_text() == "sine-online"
    until(page, "document.activeElement.tagName === 'H1'")
    page.locator(f"{SHOWN} .choice").get_by_text("torch", exact=True).first.click()
    until(page, "location.hash.includes('baseline=torch')")
    page.go_back()
    until(page, "location.hash === '#task=sine-online'")
    assert page.locator(f"{SHOWN} th .baseline").inner_text() == "fastest"
    page.go_back()
    page.locator("#page\\=report").wait_for()


def test_a_link_to_another_page_keeps_the_baseline_and_finds_the_heading(opened, report):
    page = opened(report, "#page=report&baseline=torch")
    page.locator(f"{SHOWN} td a").first.click()
    until(page, "location.hash === '#task=sine-online&baseline=torch'")
    targets = page.eval_on_selector_all("main a[href^='#']", "links => links.map(({hash}) => hash.slice(1))")
    assert targets
    missing = "names => names.filter((name) => !document.getElementById(decodeURIComponent(name)))"
    assert page.evaluate(missing, targets) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_scrolls_sideways(opened, report, width):
    page = opened(report, width=width)
    for address in page.eval_on_selector_all("nav li a", "links => links.map(({hash}) => hash)"):
        page.evaluate("address => { location.hash = address; }", address)
        until(page, f"!document.getElementById('{address[1:]}').hidden")
        until(page, DRAWN)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_on_a_phone_the_list_of_pages_opens_and_closes(opened, report):
    page = opened(report, width=390)
    menu = page.get_by_role("button", name="Pages")
    assert not page.locator("nav").is_visible()
    menu.click()
    assert menu.get_attribute("aria-expanded") == "true"
    page.get_by_role("link", name="mnist-rows").first.click()
    page.locator("nav").wait_for(state="hidden")
    assert page.locator("#task\\=mnist-rows").is_visible()


def brightness(page):
    return sum(
        map(int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))[:3])
    )


def test_dark_as_the_system_has_it_or_as_the_reader_says(opened, report):
    page = opened(report, color_scheme="dark")
    switch = page.get_by_role("button", name="Dark")
    assert brightness(page) < 150
    assert switch.get_attribute("aria-pressed") == "true"
    switch.click()
    assert brightness(page) > 700
    page.reload()
    assert brightness(page) > 700
    assert brightness(opened(report, color_scheme="light")) > 700


def test_on_paper_it_is_light_and_without_what_can_be_clicked(opened, report):
    page = opened(report, SUMMARY, color_scheme="dark")
    page.emulate_media(media="print")
    assert brightness(page) > 700
    assert not page.locator("nav").is_visible()
    assert not page.get_by_role("searchbox").first.is_visible()
    assert page.locator(f"{SHOWN} table").is_visible()


def saved(page, button):
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_raw_data_can_be_downloaded(opened, report):
    page = opened(report, SUMMARY)
    folder = report.parent
    name, content = saved(page, page.get_by_role("button", name="Download results.json"))
    assert (name, content) == ("results.json", (folder / "results.json").read_bytes())
    name, content = saved(page, page.locator(SHOWN).get_by_role("button", name="Download this table"))
    assert (name, content) == ("summary.csv", (folder / "tables" / "summary.csv").read_bytes())


def test_a_row_has_its_command_its_raw_data_and_its_code(opened, report, results):
    page = opened(report, "#task=mnist-rows")
    page.locator(f"{SHOWN} table.speeds").get_by_role("button", name="torch", exact=True).click()
    dialog = page.get_by_role("dialog", name="torch on mnist-rows")
    dialog.wait_for()
    assert (
        dialog.locator("pre")
        .first.inner_text()
        .startswith("python -m compare run mnist-rows --adapters torch --preset quick --threads 1")
    )
    assert "class TorchAdapter" in dialog.locator("details").first.inner_text()
    name, content = saved(page, dialog.get_by_role("button", name="Runs as JSON"))
    stored = json.loads((report.parent / "results.json").read_bytes())["runs"]
    mine = [run for run in stored if (run["task"], run["adapter"]) == ("mnist-rows", "torch")]
    assert (name, json.loads(content)) == ("mnist-rows-torch.json", mine)
    name, content = saved(page, dialog.get_by_role("button", name="Timed rounds as CSV"))
    assert name == "mnist-rows-torch-rounds.csv"
    assert len(content.decode().splitlines()) == 1 + sum(len(run["rounds"]) for run in mine)
    page.keyboard.press("Escape")
    until(page, "location.hash === '#task=mnist-rows'")
    dialog.wait_for(state="hidden")


def test_everything_that_can_be_clicked_has_a_name(opened, report):
    page = opened(report, "#task=sine-online&row=0")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], input, select, [role=region]")]
        .filter((each) => !(each.ariaLabel || each.textContent.trim())).map((each) => each.outerHTML)"""
    )
    assert nameless == []


def test_a_hostile_name_is_only_text(opened, report):
    page = opened(report, f"{SUMMARY}&baseline=%3Cscript%3Ealert(3)%3C/script%3E&filter.speeds=%3Cb%3E&row=2")
    page.get_by_role("dialog").wait_for()
    assert CLOSING in page.get_by_role("dialog").inner_text()
    assert page.evaluate("document.querySelectorAll('img[src=x], [onerror]').length") == 0
    page.goto(f"{report.as_uri()}#task=sine-online")
    until(page, DRAWN)
    assert page.locator("[data-plot] .choice", has_text="alert(1)").first.inner_text() == CLOSING


def test_no_program_runs_that_is_not_the_pages_own(browser, report):
    page = browser.new_page()
    page.goto(report.as_uri())
    until(page, DRAWN)
    ran = page.evaluate(
        """() => { const script = document.createElement("script"); script.textContent = "window.ran = true";
        document.head.append(script); return Boolean(window.ran); }"""
    )
    page.close()
    assert not ran


def test_a_metric_that_is_no_number(opened, results, tmp_path):
    broken = [
        replace(run, metrics=dict.fromkeys(run.metrics, math.nan)) if run.adapter == "torch" else run
        for run in results.runs
    ]
    page = opened(write_report(replace(results, runs=broken), tmp_path), "#task=sine-online")
    assert dict(zip(column(page, "Adapter"), column(page, "Result"), strict=True))["torch"] == "–"
    name, content = saved(page, page.get_by_role("button", name="Download results.json"))
    assert (name, json.loads(content)["runs"][1]["metrics"]) == ("results.json", {"rmse": None})


def test_a_run_without_any_finished_cell(opened, results, tmp_path):
    failed = [
        replace(run, status="failed", error="out of luck", metrics={}, epochs=[], rounds=[], forecast=None,
                sequences_per_second=None, confusion=None, inference=None)
        for run in results.runs
    ]  # fmt: skip
    page = opened(write_report(replace(results, runs=failed), tmp_path), SUMMARY)
    assert set(column(page, "Time")) == {"–"}
    assert all("out of luck" in status for status in column(page, "Status"))
    assert page.locator(f"{SHOWN} .choice").all_inner_texts() == ["the fastest of each task"]


def test_a_run_of_one_round(opened, results, tmp_path):
    short = [replace(run, rounds=run.rounds[:1]) for run in results.runs]
    page = opened(write_report(replace(results, runs=short, tasks=[SINE, DIGITS]), tmp_path), SUMMARY)
    assert "too few rounds" in column(page, "Finding")
