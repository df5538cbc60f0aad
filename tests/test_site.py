"""`site`: a folder over many runs that needs no other; what is broken is listed, and names do no harm."""

import json
import re
from dataclasses import replace

import pytest

from compare.errors import UsageError
from compare.records.cluster import ClusterRecord
from compare.report.html.site import places, write_site
from compare.report.pages import render_pages, write_pages
from compare.storage.site_folder import hold_site_folder
from tests.commands import command
from tests.example_results import example_results
from tests.many_runs import store, varied

CLOSING = "</script><img src=x onerror=alert(1)>"


@pytest.fixture
def runs(tmp_path):
    """The folders of three runs of three days."""
    return [store(varied(example_results(), day), tmp_path / "in" / f"day-{day}") for day in range(3)]


def write(folders, out):
    with hold_site_folder(out):
        return write_site(folders, out)


def index(out):
    return (out / "index.html").read_text(encoding="utf-8")


def data(out):
    """What the page's program reads."""
    return json.loads(re.search(r'id="data">(.*?)</script>', index(out), re.DOTALL)[1])


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_site_holds_all_that_it_shows(runs, tmp_path):
    assert write(runs, tmp_path / "site") == ()
    of_runs = {f"runs/day-{day}/{name}" for day in range(3) for name in ("report.html", "results.json")}
    assert files(tmp_path / "site") == {"index.html", "plotly.js", "site.json", *of_runs}
    stored = tmp_path / "site" / "runs" / "day-1" / "results.json"
    assert stored.read_bytes() == (runs[1] / "results.json").read_bytes()
    assert [run["name"] for run in data(tmp_path / "site")["runs"]] == ["day-0", "day-1", "day-2"]


def test_inputs_stay_as_they_are(runs, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "in").rglob("*")}
    write(runs, tmp_path / "site")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "in").rglob("*")} == before


def test_a_runs_report_is_the_one_that_its_folder_holds(tmp_path):
    folder = store(example_results(), tmp_path / "run")
    write_pages(render_pages(example_results(), folder), folder)
    write([folder], tmp_path / "site")
    report = (tmp_path / "site" / "runs" / "run" / "report.html").read_text(encoding="utf-8")
    assert "What speaks against the figures" in report
    assert 'id="page=environment"' in report
    assert re.findall(r'(?:src|href)="(?!#|data:image/png;base64,)([^"]*)"', report) == ["../../index.html"]
    assert len(report) < 1_000_000


BROKEN = {
    "no-json": ("{", "not the results of a run"),
    "another-schema": (
        '{"schema": 7, "environment": {"lockstep": "9.0"}}',
        "schema 7, but this version reads",
    ),
    "no-results": (None, "No such file"),
    "negative-part": (lambda text: text.replace(b'"part":0', b'"part":-1'), "Expected `int` >= 0"),
    "no-date": (lambda text: text.replace(b'"date":"20', b'"date":"x20'), "no sense"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_run_is_listed_with_the_reason_and_the_others_are_shown(runs, tmp_path, name):
    content, reason = BROKEN[name]
    folder = tmp_path / "in" / name
    store(example_results(), folder)
    (folder / "README.md").write_text("# A report")
    if content is None:
        (folder / "results.json").unlink()
    elif callable(content):
        (folder / "results.json").write_bytes(content((folder / "results.json").read_bytes()))
    else:
        (folder / "results.json").write_text(content)
    (broken,) = write([*runs, folder], tmp_path / "site")
    assert broken.name == name
    assert reason in broken.reason
    assert str(tmp_path) not in broken.reason
    assert len(data(tmp_path / "site")["runs"]) == 3
    assert f"<tr><td>{name}</td>" in index(tmp_path / "site")
    assert not (tmp_path / "site" / "runs" / name).exists()


def test_times_that_nobody_measures_break_no_other_run(runs, tmp_path):
    results = varied(example_results(), 3)
    endless = [
        replace(run, rounds=[replace(each, seconds=1e150) for each in run.rounds]) for run in results.runs
    ]
    folder = store(replace(results, runs=endless), tmp_path / "in" / "endless")
    assert write([*runs, folder], tmp_path / "site") == ()
    assert len(data(tmp_path / "site")["runs"]) == 4


def test_where_every_run_is_broken_there_is_no_site(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(UsageError, match="no run can be read: run: "):
        write([tmp_path / "run"], tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_site_stays_where_its_runs_can_no_longer_be_read(runs, tmp_path):
    out = tmp_path / "site"
    write(runs, out)
    before = {name: (out / name).read_bytes() for name in files(out)}
    (tmp_path / "run").mkdir()
    with pytest.raises(UsageError, match="no run can be read"):
        write([tmp_path / "run"], out)
    assert {name: (out / name).read_bytes() for name in files(out)} == before


def test_a_run_without_tasks_has_its_place(runs, tmp_path):
    folder = store(replace(example_results(), tasks=[], runs=[]), tmp_path / "empty")
    assert write([folder, *runs], tmp_path / "site") == ()
    assert {run["name"] for run in data(tmp_path / "site")["runs"]} == {"empty", "day-0", "day-1", "day-2"}


def test_a_run_over_machines_has_an_entry_for_each(tmp_path):
    halves = [varied(example_results(), day, machine=day) for day in range(2)]
    folders = [store(each, tmp_path / f"{day}") for day, each in enumerate(halves)]
    ended = command("merge", *folders, "--out", tmp_path / "both")
    assert ended.code == 0, ended
    assert write([tmp_path / "both"], tmp_path / "site") == ()
    shown = data(tmp_path / "site")
    assert [run["place"] for run in shown["runs"]] == ["both", "both"]
    assert len({run["key"] for run in shown["runs"]}) == len({run["name"] for run in shown["runs"]}) == 2
    assert len(shown["machines"]) == 2


def test_speeds_of_workers_that_shared_a_machine_are_in_no_history_and_the_run_says_so(tmp_path):
    shared = replace(example_results(), cluster=ClusterRecord(workers=2, shared=True))
    write([store(shared, tmp_path / "shared")], tmp_path / "site")
    (run,) = data(tmp_path / "site")["runs"]
    assert "workers shared a machine" in run["state"]
    assert {(row["speed"], row["times"]) for row in run["rows"]} == {(None, None)}
    assert "workers shared a machine" in {row["obstacle"] for row in run["rows"]}
    assert any(row["result"] for row in run["rows"])


def test_runs_of_the_same_name_are_kept_apart(tmp_path):
    folders = [store(varied(example_results(), day), tmp_path / f"{day}" / "same") for day in range(2)]
    write(folders, tmp_path / "site")
    assert [run["name"] for run in data(tmp_path / "site")["runs"]] == ["same", "same (2)"]
    kept = [tmp_path / "site" / "runs" / place / "results.json" for place in ("same", "same-2")]
    assert [path.read_bytes() for path in kept] == [(f / "results.json").read_bytes() for f in folders]


@pytest.mark.parametrize("name", ["a..b", "..b", "Ünïcode\u202e", CLOSING.replace("/", "_"), "-", "é" * 80])
def test_a_folders_name_never_leaves_the_site(tmp_path, name):
    folder = tmp_path / "in" / name
    folder.mkdir(parents=True)
    (found,) = places([folder])
    assert re.fullmatch(r"[a-z0-9-]+", found.place)


def test_names_in_results_are_only_text(tmp_path):
    results = example_results()
    task = replace(results.tasks[0], name=f"../../{CLOSING}")
    runs = [
        replace(
            run,
            task=task.name if run.task == results.tasks[0].name else run.task,
            adapter=f"../{run.adapter}",
        )
        for run in results.runs
    ]
    folder = store(replace(results, tasks=[task, results.tasks[1]], runs=runs), tmp_path / "in" / "run")
    assert write([folder], tmp_path / "site") == ()
    assert {path.name for path in tmp_path.iterdir()} == {"in", "site"}
    for page in (index(tmp_path / "site"), (tmp_path / "site/runs/run/report.html").read_text()):
        assert CLOSING not in page
        assert "<img src=x" not in page


def test_a_page_that_a_folder_holds_can_do_nothing(tmp_path):
    folder = store(example_results(), tmp_path / "run")
    (tmp_path / "secret.png").write_bytes(b"a secret")
    (folder / "README.md").write_text(
        "# Report\n\n<meta http-equiv=refresh content='0;url=https://example.com'>\n\n"
        "![x](../secret.png) ![y](figures/../../secret.png) <b onclick=alert(1)>text</b>"
        " [z](javascript:alert(1))\n"
    )
    (folder / "pages").mkdir()
    (folder / "pages" / "link.md").symlink_to(tmp_path / "secret.png")
    write([folder], tmp_path / "site")
    report = (tmp_path / "site/runs/run/report.html").read_text(encoding="utf-8")
    assert "<meta http-equiv=refresh" not in report
    assert "onclick=alert(1)>" not in report.replace("&gt;", "")
    assert "YSBzZWNyZXQ" not in report
    assert "a secret" not in report
    assert 'href="javascript' not in report


def test_a_folder_that_is_no_site_is_refused_and_stays(runs, tmp_path):
    for taken in ("notes.txt", "results.json"):
        out = tmp_path / taken.partition(".")[0]
        out.mkdir()
        (out / taken).write_text("mine")
        with pytest.raises(UsageError, match="is no site of Lockstep: choose another --out"):
            write(runs, out)
        assert files(out) == {taken}
    with pytest.raises(UsageError, match="is a file: choose another --out"):
        write(runs, tmp_path / "in" / "day-0" / "results.json")


def test_a_site_is_built_again_over_itself_and_leaves_what_is_not_its_own(runs, tmp_path):
    out = tmp_path / "site"
    write(runs, out)
    (out / "CNAME").write_text("bench.example.com")
    write(runs[:1], out)
    of_run = {"runs/day-0/report.html", "runs/day-0/results.json"}
    assert files(out) == {"CNAME", "index.html", "plotly.js", "site.json", *of_run}


def test_the_command_takes_folders_of_runs_and_each_run_once(runs, tmp_path):
    (tmp_path / "in" / "notes").mkdir()
    out = tmp_path / "in" / "site"
    for _ in range(2):
        ended = command("site", tmp_path / "in", runs[0], "--out", out)
        assert ended.code == 0, ended
        assert ended.out.splitlines()[-1] == f"Site of 3 runs: {out / 'index.html'}"


@pytest.mark.parametrize("there", [True, False])
def test_the_command_says_what_is_no_run(tmp_path, there):
    if there:
        (tmp_path / "none").mkdir()
    ended = command("site", tmp_path / "none", "--out", tmp_path / "site")
    assert ended.code == 2
    assert f"{tmp_path / 'none'} {'holds no run' if there else 'is no folder'}" in ended.err
    assert not (tmp_path / "site").exists()
