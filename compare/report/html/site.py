"""From the folders of runs to a site over them."""

import gc
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

from plotly.offline import get_plotlyjs

from compare.errors import UsageError
from compare.report.html.site_index import index_document
from compare.report.html.site_report import PLOTLY, run_document
from compare.report.site.entry import entries_of
from compare.report.site.summaries import Entry
from compare.storage.results import open_run
from compare.storage.site_folder import keep_runs, write_run_files, write_site_file
from compare.text import one_line, slug


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A run's own folder, what the site calls the run, and the name of its folder in the site."""

    folder: Path
    name: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A run that cannot be read, and why."""

    name: str
    reason: str


def write_site(folders: Sequence[Path], out: Path) -> tuple[Broken, ...]:
    """Write a site over the runs in these folders into `out`, which is held; return those that are broken.

    Raises: UsageError where no run can be read.
    """
    found = _all(places(folders), out)
    broken = tuple(each for each in found if isinstance(each, Broken))
    entries = sorted((entry for each in found if not isinstance(each, Broken) for entry in each), key=_moment)
    if not entries:
        raise UsageError(f"no run can be read: {broken[0].name}: {broken[0].reason}")
    write_site_file(out, PLOTLY, get_plotlyjs())
    write_site_file(out, "index.html", index_document(entries, [(each.name, each.reason) for each in broken]))
    keep_runs(out, {entry.summary.place for entry in entries})
    return broken


def places(folders: Sequence[Path]) -> list[Place]:
    """Where each run goes: runs whose folders have the same name are numbered."""
    found: list[Place] = []
    names, taken = set[str](), set[str]()
    for folder in folders:
        called = one_line(folder.resolve().name) or "run"
        name = next(each for each in _numbered(called, " ({})") if each not in names)
        place = next(each for each in _numbered(slug(called), "-{}") if each not in taken)
        names.add(name)
        taken.add(place)
        found.append(Place(folder=folder, name=name, place=place))
    return found


def _numbered(text: str, suffix: str) -> Iterator[str]:
    yield text
    yield from (text + suffix.format(number) for number in count(2))


def _all(runs: Sequence[Place], out: Path) -> list[list[Entry] | Broken]:
    """One a run; where there are many, in several processes, for a run takes half a second."""
    work = partial(_one, out)
    workers = min(len(os.sched_getaffinity(0)), len(runs))
    if workers < 2:
        return [work(run) for run in runs]
    with ProcessPoolExecutor(workers, initializer=_collect_seldom) as pool:
        return list(pool.map(work, runs))


def _collect_seldom() -> None:
    """Look for garbage less often: reading a run makes very many objects, none of which is garbage yet."""
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def _one(out: Path, run: Place) -> list[Entry] | Broken:
    try:
        results = open_run(run.folder)
        entries = entries_of(results, run.place, run.name)
        report = run_document(results, run.folder, run.name)
    except UsageError as error:
        reason = str(error).replace(str(run.folder), run.name)
        return Broken(name=run.name, reason=one_line(reason))
    except Exception as error:  # data from anywhere: what no analysis can make sense of costs this run alone
        return Broken(name=run.name, reason=one_line(f"its results make no sense: {error}"))
    write_run_files(out, run.place, report, run.folder / "results.json")
    return entries


def _moment(entry: Entry) -> tuple[str, str]:
    return entry.summary.date, entry.summary.name
