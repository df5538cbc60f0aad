"""A site of many runs: its first page stays light, and is seen before anything else is read."""

import re
from pathlib import Path

import pytest

from compare.report.html.site import write_site
from compare.storage.results import load
from compare.storage.site_folder import hold_site_folder
from tests.many_runs import stored_history
from tests.opened_report import Opener, chromium, started_browser
from tests.site_load import main

REFERENCE = Path(__file__).parents[1] / "reports" / "reference"
FEW, MANY, MOST_BYTES_A_RUN = 4, 24, 20_000

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def first_pages(tmp_path_factory):
    """The first pages of sites of a few and of many runs of the reference report's size."""
    folder = tmp_path_factory.mktemp("sites")
    runs = sorted(stored_history(load(REFERENCE), folder / "runs", MANY, REFERENCE).iterdir())
    for count in (FEW, MANY):
        with hold_site_folder(folder / str(count)):
            assert write_site(runs[:count], folder / str(count)) == ()
    return [folder / str(count) / "index.html" for count in (FEW, MANY)]


def test_a_run_more_adds_little_to_the_first_page(first_pages):
    few, many = (page.stat().st_size for page in first_pages)
    assert (many - few) / (MANY - FEW) < MOST_BYTES_A_RUN


@pytest.mark.skipif(chromium() is None, reason="no Chromium")
def test_the_first_page_asks_for_nothing_beside_itself(first_pages):
    with started_browser() as browser:
        opened = Opener(browser)
        opened(first_pages[-1])
        assert opened.requests == [first_pages[-1].as_uri()]
        opened.close()


@pytest.mark.skipif(chromium() is None, reason="no Chromium")
def test_what_a_site_takes_is_measured(capsys):
    main(["3"])
    said = re.sub(r"\d+\.\d+", "N", capsys.readouterr().out)
    assert said.splitlines() == [
        "a site over 3 runs: written in N s",
        "index.html: N MiB",
        "first paint, of 5: N to N s",
    ]
