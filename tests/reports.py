"""A report as text: rendered, written, and read as one."""

import re

from markdown_it import MarkdownIt

from compare.report.pages import render_pages, write_pages


def write_report(results, folder):
    """The path of README.md, all pages written."""
    return write_pages(render_pages(results, folder), folder)


def report_text(results, folder):
    """The text of all pages together, README.md first; none is written."""
    return "\n".join(page.text for page in render_pages(results, folder))


def stored_text(folder):
    """All pages that a folder holds, README.md first."""
    paths = [folder / "README.md", *sorted((folder / "pages").glob("*.md"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def tables_of(text):
    """Every Markdown table as rows of cells; a bar counts as a border whether or not it was meant as one."""
    lines = [re.findall(r"[^|]+", line) if line.startswith("|") else None for line in text.splitlines()]
    tables, current = [], []
    for line in [*lines, None]:
        if line is not None:
            current.append([cell.strip() for cell in line])
        elif current:
            tables.append(current)
            current = []
    return tables


def links(text):
    """Where the links and images of a page lead, as a Markdown parser reads them; other sites left out."""
    tokens = [child for token in MarkdownIt().enable("table").parse(text) for child in token.children or ()]
    targets = [token.attrGet("href") or token.attrGet("src") for token in tokens]
    return [target for target in targets if target and "://" not in target]


def anchors(text):
    """The names by which a page's headings are linked to, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
