"""A page of a report, before it is written."""

from dataclasses import dataclass

from compare.report.tables.table import Table

FRONT = "README.md"
"""The page that a reader opens first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: `text` is Markdown whose links go from the page's own place, `title` plain text.

    `name` is the page's path in the run's folder: `README.md`, or `pages/x.md`; `tables` are those that it
    shows.
    """

    name: str
    title: str
    text: str
    tables: tuple[Table, ...] = ()
