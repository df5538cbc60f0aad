"""What is measured of a site over many runs: how long it takes to be written, and to be seen."""

import re

import pytest

from tests.opened_report import chromium
from tests.site_load import main


@pytest.mark.exhaustive
@pytest.mark.skipif(chromium() is None, reason="no Chromium")
def test_what_a_site_takes_is_measured(capsys):
    main(["3"])
    said = re.sub(r"\d+\.\d+", "N", capsys.readouterr().out)
    assert said.splitlines() == [
        "a site over 3 runs: written in N s",
        "index.html: N MiB",
        "first paint, of 5: N to N s",
    ]
