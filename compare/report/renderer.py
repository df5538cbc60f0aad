"""From templates, figures and tables to pages: what all pages of a report have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from compare.report.figure_file import FigureFile, save_figure
from compare.report.figures.style import Style
from compare.report.page import FRONT, Page
from compare.report.tables.table import Table
from compare.report.templating import template
from compare.storage.atomic import write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """Renders the pages of one report, and writes the figures and tables that they show into its folder.

    `styles` says how each adapter is drawn, `values` what every template may use.
    """

    folder: Path
    styles: Mapping[str, Style]
    values: Mapping[str, Any]

    def figures(
        self, drawn: Mapping[str, tuple[Figure | None, str]], prefix: str = ""
    ) -> dict[str, FigureFile]:
        """Those that there are, written under a name that begins with `prefix`; each with its description."""
        return {
            kind: save_figure(figure, self.folder, f"{prefix}{kind}", alt)
            for kind, (figure, alt) in drawn.items()
            if figure is not None
        }

    def front(
        self, title: str, template_name: str, tables: Mapping[str, Table | None], **values: Any
    ) -> Page:
        """README.md."""
        return self._page(FRONT, "", title, template_name, tables, values)

    def page(
        self, name: str, title: str, template_name: str, tables: Mapping[str, Table | None], **values: Any
    ) -> Page:
        """One of the pages that README.md links to; tables that are None are left out."""
        return self._page(f"pages/{name}.md", "../", title, template_name, tables, values)

    def _page(
        self,
        name: str,
        root: str,
        title: str,
        template_name: str,
        tables: Mapping[str, Table | None],
        values: Mapping[str, Any],
    ) -> Page:
        """Render one page; `root` leads from it to the run's folder."""
        shown = {kind: table for kind, table in tables.items() if table is not None}
        for table in shown.values():
            write_text(self.folder / table.path, table.csv)
        files = [table.path for table in shown.values()]
        text = template(template_name).render(
            {**self.values, **values, "root": root, "title": title, "tables": shown, "files": files}
        )
        return Page(name=name, title=title, text=text, tables=tuple(shown.values()))
