"""report.html opened in a browser, which must stay silent and send nothing anywhere."""

import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from compare.report.html.document import write_html
from compare.report.pages import render_pages, write_pages
from compare.storage.results import save
from tests.brief_command import no_picture

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
DRAWN = """[...document.querySelectorAll('section.page:not([hidden]) figure[data-plot]')]
    .every((figure) => figure.dataset.drawn)"""
LONGEST_SECONDS = 300


def until(page, expression):
    """Wait until an expression is true, asked from outside: the page's policy lets nothing poll inside."""
    end = time.monotonic() + LONGEST_SECONDS
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(20)


def write_report(results, folder):
    """A run's folder with its pages, without pictures, and report.html; the path of this."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("matplotlib.figure.Figure.savefig", no_picture)
        save(results, folder)
        pages = render_pages(results, folder)
        write_pages(pages, folder)
        return write_html(results, pages, folder)


def chromium():
    """The path of a browser, Debian's where it is there; None without one."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


@contextmanager
def started_browser():
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a test that is skipped needs none

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Opener:
    """Opens reports, and keeps what their pages ask for and complain of."""

    browser: object
    contexts: list = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __call__(self, report: Path, address: str = "", width: int = 1280, **options):
        """The page at an address inside a report, its figures drawn."""
        context = self.browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(1000 * LONGEST_SECONDS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(f"{report.as_uri()}{address}")
        until(page, DRAWN)
        return page

    def close(self):
        for context in self.contexts:
            context.close()

    @property
    def strangers(self):
        """What was asked of anything but the file itself."""
        return [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]
