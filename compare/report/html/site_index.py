"""index.html: all runs in a list that is filtered, histories, and two runs compared."""

from collections.abc import Mapping, Sequence

from compare.report.figures.style import styles
from compare.report.html.document import adapter_style
from compare.report.html.shell import STATIC, document, template
from compare.report.html.site_report import PLOTLY
from compare.report.run_pages import task_page_name
from compare.report.site.changes import DATE, find_changes, orders, versions
from compare.report.site.summaries import Entry
from compare.text import counted

OWN = STATIC / "site"
PAGES = {"runs": "Runs", "history": "History", "compare": "Compare two", "about": "How to read this"}
"""Template -> title."""

PROGRAMS = (
    STATIC / "packed.js",
    OWN / "site_keys.js",
    STATIC / "state.js",
    STATIC / "elements.js",
    STATIC / "plotly_beside.js",
    OWN / "find.js",
    OWN / "numbers.js",
    STATIC / "tables.js",
    STATIC / "theme.js",
    STATIC / "traces.js",
    STATIC / "choices.js",
    OWN / "student.js",
    OWN / "blocks.js",
    OWN / "difference.js",
    OWN / "pair.js",
    OWN / "history.js",
    OWN / "history_figures.js",
    STATIC / "plots.js",
    STATIC / "pages.js",
    OWN / "site.js",
    STATIC / "main.js",
)
"""In this order they are one program."""

THRESHOLD = 0.05
"""From which share on a change counts in `diff`, where it is told no other."""


def index_document(entries: Sequence[Entry], broken: Sequence[tuple[str, str]]) -> str:
    """The page over all runs, in the order of time; `broken` are names of runs, and why each is not shown."""
    shown = orders(entries)
    machines = {key: machine for entry in entries for key, machine in entry.machines.items()}
    drawn = styles(row.adapter for entry in entries for row in entry.summary.rows)
    values = {
        "runs": [entry.summary for entry in reversed(entries)],
        "names": {e.summary.key: [machine.name for machine in e.machines.values()] for e in entries},
        "machines": machines,
        "broken": broken,
        "threshold": THRESHOLD,
    }
    return document(
        layout="document.html.jinja",
        title=f"Lockstep: {counted(len(entries), 'run')}",
        groups=[("", [(f"page={name}", title) for name, title in PAGES.items()])],
        pages=[(f"page={name}", title, _page(name, values)) for name, title in PAGES.items()],
        styles=[STATIC / "style.css", OWN / "site.css"],
        programs=PROGRAMS,
        scripts=("'self'", "file:"),
        data={
            "runs": [entry.summary for entry in entries],
            "pages": {
                row.task: f"task={task_page_name(row.task)}"
                for entry in entries
                for row in entry.summary.rows
            },
            "works": {key: work for entry in entries for key, work in entry.works.items()},
            "machines": machines,
            "adapters": [adapter_style(name, style) for name, style in drawn.items()],
            "orders": {name: [] if name == DATE else versions(entries, name) for name in shown},
            "changes": find_changes(entries, shown),
            "threshold": THRESHOLD,
            "plotly": PLOTLY,
        },
        packed={},
    )


def _page(name: str, values: Mapping[str, object]) -> str:
    return template(f"site/{name}.html.jinja").render(values)
