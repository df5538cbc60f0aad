"""How long a site over many runs takes to be written and to be seen: `python -m tests.site_load 200`.

The runs are of the reference report's size. For `compare/cluster/README.md`; nothing is asserted.
"""

import argparse
import tempfile
import time
from pathlib import Path

from compare.report.html.site import write_site
from compare.storage.results import load
from compare.storage.site_folder import hold_site_folder
from tests.many_runs import stored_history
from tests.opened_report import chromium, started_browser

REFERENCE = Path(__file__).parents[1] / "reports" / "reference"
TRIES = 5
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


def write_seconds(count, folder):
    """Write a site over so many runs into a folder; return how long that took."""
    folders = sorted(stored_history(load(REFERENCE), folder / "runs", count, REFERENCE).iterdir())
    begin = time.perf_counter()
    with hold_site_folder(folder / "site"):
        write_site(folders, folder / "site")
    return time.perf_counter() - begin


def paint_seconds(index):
    """How long a browser takes until it first shows something of a page, try by try."""
    with started_browser() as browser:
        found = []
        for _ in range(TRIES):
            page = browser.new_page()
            page.goto(index.as_uri())
            page.wait_for_timeout(2000)
            found.append(page.evaluate(PAINTED) / 1000)
        return found


def main(arguments=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int)
    count = parser.parse_args(arguments).count
    with tempfile.TemporaryDirectory() as folder:
        print(f"a site over {count} runs: written in {write_seconds(count, Path(folder)):.1f} s", flush=True)
        index = Path(folder) / "site" / "index.html"
        print(f"index.html: {index.stat().st_size / 2**20:.1f} MiB")
        if chromium() is not None:
            painted = sorted(paint_seconds(index))
            print(f"first paint, of {TRIES}: {painted[0]:.2f} to {painted[-1]:.2f} s")


if __name__ == "__main__":
    main()
