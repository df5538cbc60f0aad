"""A site in a browser: what is found, filtered, compared and looked back at; what its address keeps."""

import itertools
import re
from dataclasses import replace

import pytest

from compare.analysis.run_diff import diff_runs
from compare.records.cluster import ClusterRecord
from compare.report.html.site import write_site
from compare.storage.results import load
from compare.storage.site_folder import hold_site_folder
from compare.text import factor
from tests.example_results import HOSTILE, example_results
from tests.many_runs import CPUS, store, varied
from tests.opened_report import DRAWN, Opener, chromium, started_browser, until

if chromium() is None:
    pytest.skip("no Chromium: the site is not tested in a browser", allow_module_level=True)

CLOSING = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
SHOWN = "section.page:not([hidden])"
HISTORY = "#page=history&task=mnist-rows"


def named(results):
    """The results with markup in the place of an adapter's name."""
    return replace(
        results,
        runs=[replace(run, adapter=CLOSING) if run.adapter == HOSTILE else run for run in results.runs],
    )


def changed(results, torch):
    """Of torch nothing but accuracy is other, by so many per cent."""
    return replace(
        results,
        runs=[
            replace(run, metrics={**run.metrics, "accuracy": run.metrics["accuracy"] - torch})
            if run.adapter == "torch" and "accuracy" in run.metrics
            else run
            for run in results.runs
        ],
    )


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Eight runs on one machine, torch slower and newer from the fifth on; and four other ones."""
    root = tmp_path_factory.mktemp("runs")
    results = named(example_results())
    history = [
        varied(
            results, day, factors={"torch": 1.5 if day >= 4 else 1.0}, torch="2.10.0" if day >= 4 else "2.9.1"
        )
        for day in range(8)
    ]
    elsewhere = varied(results, 8, machine=1)
    less = changed(varied(results, 9), torch=3.0)
    fewer = varied(results, 10)
    fewer = replace(
        fewer,
        tasks=[replace(fewer.tasks[0], batch_size=7), replace(fewer.tasks[1], epochs=3)],
        runs=[run for run in fewer.runs if run.adapter != "numpy"],
        cluster=ClusterRecord(workers=2, shared=True),
    )
    slow = varied(results, 11, machine=1, factors=dict.fromkeys(("numpy", "torch", CLOSING), 1.3))
    others = [elsewhere, less, fewer, slow]
    return [store(each, root / f"day-{day}") for day, each in enumerate([*history, *others])]


@pytest.fixture(scope="module")
def site(folders, tmp_path_factory):
    out = tmp_path_factory.mktemp("site") / "site"
    broken = folders[0].parent / "broken"
    broken.mkdir()
    with hold_site_folder(out):
        assert len(write_site([*folders, broken], out)) == 1
    return out / "index.html"


@pytest.fixture(scope="module")
def browser():
    with started_browser() as started:
        yield started


@pytest.fixture
def opened(browser, site):
    """Opens the site; whatever a test does there, nothing is complained of or asked for from elsewhere."""
    opener = Opener(browser)
    yield lambda address="", **options: opener(site, address, **options)
    opener.close()
    assert not opener.complaints
    assert not [
        url for url in opener.requests if not url.startswith((site.parent.as_uri(), "data:", "blob:"))
    ]


def listed(page):
    """The runs that are left in the list."""
    return page.locator("[data-table=runs] tbody tr:not([hidden]) td:first-child a").all_inner_texts()


def days(*numbers):
    return [f"day-{number}" for number in numbers]


def test_the_newest_run_comes_first_and_each_leads_to_its_report_and_raw_data(opened, site):
    page = opened()
    assert listed(page) == days(*reversed(range(12)))
    assert page.locator("[data-table=broken] td").all_inner_texts()[0] == "broken"
    for link in page.locator("[data-table=runs] tbody a").all():
        assert (site.parent / link.get_attribute("href")).is_file()


@pytest.mark.parametrize(
    ("label", "option", "left"),
    [
        ("Machine", CPUS[1], days(11, 8)),
        ("Version", "^torch 2.10.0$", days(7, 6, 5, 4)),
        ("Adapter", "^numpy$", days(11, *reversed(range(10)))),
    ],
)
def test_filters_leave_runs_and_the_address_keeps_them(opened, label, option, left):
    page = opened()
    field = page.locator(SHOWN).get_by_role("combobox", name=label, exact=True)
    values = field.locator("option").all_text_contents()
    field.select_option(label=next(each for each in values if re.search(option, each)))
    until(page, f"location.hash.includes('{label.lower()}=')")
    assert listed(page) == left
    page.reload()
    until(page, DRAWN)
    assert listed(page) == left
    page.locator(SHOWN).get_by_role("button", name="Show all").click()
    until(page, f"!location.hash.includes('{label.lower()}=')")
    assert len(listed(page)) == 12


def test_dates_and_words_leave_runs(opened):
    page = opened("#page=runs&since=2026-01-03&until=2026-01-05")
    assert listed(page) == days(4, 3, 2)
    page.get_by_role("searchbox").fill("day-3")
    until(page, "document.querySelector('.count').textContent === '1 of 12 rows'")
    assert listed(page) == days(3)


def differences(page):
    """Task, adapter, figure, change and finding of each row that is shown."""
    rows = page.locator("[data-table=differences] tbody tr").all()
    cells = [row.locator("td").all_inner_texts() for row in rows]
    return [
        (task, adapter, figure, change, finding) for task, adapter, figure, finding, change, _, _ in cells
    ]


def said(before, after):
    """What `diff` says of two runs, as the page shows it."""
    return [
        (
            change.task,
            change.adapter,
            change.measure,
            "–"
            if change.ratio is None
            else f"{factor(change.ratio)} ({factor(change.low)}–{factor(change.high)})",
            f"{change.finding}: {change.reason}" if change.reason else change.finding,
        )
        for change in diff_runs(before, after, 0.05).changes
    ]


def test_two_runs_differ_as_diff_says(opened, folders):
    page = opened()
    stored = {day: load(folders[day]) for day in (0, 5, 8, 9, 10, 11)}
    for first, second in itertools.permutations(stored, 2):
        page.evaluate(f"location.hash = '#page=compare&first=day-{first}&second=day-{second}'")
        until(page, f"document.querySelector('.comparison a')?.textContent === 'day-{second}'")
        assert differences(page) == said(stored[first], stored[second]), (first, second)


def test_two_that_are_ticked_are_compared(opened):
    page = opened()
    for name in ("day-2", "day-5"):
        page.get_by_role("checkbox", name=f"Compare {name}").check()
    until(page, "location.hash.includes('second=day-5')")
    page.get_by_role("link", name="compare", exact=True).click()
    page.locator("[data-table=differences]").wait_for()
    assert page.locator(".comparison").inner_text().startswith("day-5 against day-2: ")
    page.get_by_role("button", name="Swap").click()
    until(page, "location.hash.includes('first=day-5')")


def figures(page):
    return page.locator(f"{SHOWN} figure").evaluate_all("all => all.map(({ariaLabel}) => ariaLabel)")


def test_each_machine_has_a_figure_of_its_own_under_its_name(opened):
    page = opened(HISTORY)
    first, second = figures(page)
    assert CPUS[0] in first
    assert CPUS[1] in second
    points = page.evaluate("[...document.querySelectorAll('.drawing')].map(({data}) => data[0].x.length)")
    assert points == [9, 2]
    assert len(page.locator(f"{SHOWN} h2").all()) == 2


def test_a_change_is_marked_where_it_is_certain_and_leads_to_its_run(opened, site):
    page = opened(HISTORY)
    rows = page.locator("[data-table=changes]").first.locator("tbody tr").all()
    assert [row.locator("td").all_inner_texts()[:2] for row in rows] == [["torch", "day-4"]]
    assert rows[0].locator("td").nth(4).inner_text() == "slower"
    rings = page.evaluate(
        "document.querySelector('.drawing').data.filter(({marker}) => marker.size === 18).map(({x}) => x)"
    )
    assert [ring for ring in rings if ring] == [["2026-01-05 12:00:00"]]
    rows[0].get_by_role("link").click()
    page.wait_for_url(f"{site.parent.as_uri()}/runs/day-4/report.html")
    until(page, DRAWN)


def test_a_history_may_go_by_versions(opened):
    page = opened(HISTORY)
    page.get_by_role("button", name="torch", exact=True).first.click()
    until(page, "location.hash.includes('order=torch')")
    until(page, DRAWN)
    versions = page.evaluate("document.querySelector('.drawing').layout.xaxis.ticktext")
    assert versions == ["2.9.1", "2.10.0", "2.13.0"]


def test_a_point_opens_the_report_of_its_run_at_the_task(opened, site):
    page = opened(HISTORY)
    place = page.evaluate(
        """() => {
          const drawing = document.querySelector(".drawing");
          drawing.scrollIntoView({block: "center"});
          const {xaxis, yaxis} = drawing._fullLayout;
          const box = drawing.getBoundingClientRect();
          const {x, y} = drawing.data[0];
          return {x: box.x + xaxis._offset + xaxis.d2p(x[2]), y: box.y + yaxis._offset + yaxis.d2p(y[2])};
        }"""
    )
    page.mouse.move(place["x"], place["y"])
    page.locator(".hoverlayer text").first.wait_for()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url(f"{site.parent.as_uri()}/runs/day-2/report.html#task=mnist-rows")
    until(page, DRAWN)
    page.get_by_role("link", name="All runs").click()
    page.wait_for_url(site.as_uri())


@pytest.mark.exhaustive
def test_a_zoom_into_dates_is_kept_by_the_address(opened):
    page = opened(HISTORY)
    drawing = page.locator(".nsewdrag").first
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 200, steps=4)
    page.mouse.up()
    until(page, "location.hash.includes('zoom.')")
    seen = page.evaluate("document.querySelector('.drawing')._fullLayout.xaxis.range")
    page.reload()
    until(page, DRAWN)
    again = page.evaluate("document.querySelector('.drawing')._fullLayout.xaxis.range")
    assert [each[:16] for each in again] == [each[:16] for each in seen]


@pytest.mark.parametrize("width", [390, pytest.param(1280, marks=pytest.mark.exhaustive)])
def test_no_page_scrolls_sideways_and_all_that_can_be_clicked_has_a_name(opened, width):
    page = opened(width=width, color_scheme="dark")
    for name in ("runs", HISTORY[6:], "compare&first=day-0&second=day-8", "about"):
        page.evaluate(f"location.hash = '#page={name}'")
        until(page, f"!document.getElementById('page={name.split('&')[0]}').hidden")
        until(page, DRAWN)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        nameless = page.evaluate(
            """() => [...document.querySelectorAll("button, a[href], input, select, [role=region]")]
            .filter((each) => !(each.ariaLabel || each.textContent.trim() || each.labels?.length))
            .map((each) => each.outerHTML)"""
        )
        assert nameless == []


def test_a_hostile_name_or_address_is_only_text(opened):
    address = "&adapter=%3Cscript%3Ealert(3)%3C/script%3E&first=__proto__&second=%3Cb%3E&order=constructor"
    page = opened(f"{HISTORY}{address}&measure=toString&hide=%3Ci%3E")
    page.evaluate("location.hash = '#page=history&task=mnist-rows'")
    until(page, DRAWN)
    assert page.locator(f"{SHOWN} .choice", has_text="alert(1)").inner_text() == CLOSING
    assert page.evaluate("document.querySelectorAll('img[src=x], [onerror]').length") == 0
