"""The pages of a report, from Markdown to the parts of one HTML document."""

import posixpath
import re
from base64 import b64encode
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from compare.report.page import Page

_WARNING = "[!WARNING]"
_LINE_BREAK = "<br>"
"""The one piece of HTML that stands in a page; a page is read from disk, and what else it holds is text."""
_RANGE = re.compile(r"(\S*\d(?:–|e-)\d\S*)")
"""A range of numbers, or one with an exponent: in a table, no line may end within it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where links and figures of the pages lead to inside the document.

    `addresses` are the pages' by name; `downloads` the files that can be downloaded from it, `plots` figures
    that are interactive; `tables` are the names of tables by their Markdown, and
    `replaced` HTML that stands in the place of a table.
    """

    folder: Path
    addresses: Mapping[str, str]
    downloads: Collection[str]
    plots: Collection[str]
    tables: Mapping[str, str]
    replaced: Mapping[str, str]


def render(page: Page, places: Places) -> str:
    """One page as HTML; text in it that came from data is escaped in the Markdown already."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = markdown.parse(page.text)
    _take_markup_out(tokens)
    _name_headings(tokens, places.addresses[page.name])
    _draw_figures(tokens, page, places)
    for token in tokens:
        _link(token.children or (), page, places)
    _mark_warnings(tokens)
    _keep_ranges_whole(tokens)
    lines = page.text.splitlines()
    return str(markdown.renderer.render(list(_tables(tokens, lines, places)), markdown.options, {}))


def _take_markup_out(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type in ("html_block", "html_inline") and token.content != _LINE_BREAK:
            token.type = "text"
        _take_markup_out(token.children or ())


def anchor(heading: str) -> str:
    """The name by which a page links to a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _name_headings(tokens: Sequence[Token], address: str) -> None:
    for token, after in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", f"{address}&at={anchor(after.content)}")


def _resolve(page: Page, href: str) -> tuple[str, str]:
    """The file that a link leads to, from the run's folder, and the heading in it."""
    path, _, heading = href.partition("#")
    return posixpath.normpath(
        posixpath.join(posixpath.dirname(page.name), path)
    ) if path else page.name, heading


def _draw_figures(tokens: Sequence[Token], page: Page, places: Places) -> None:
    """A figure that stands alone in its paragraph becomes interactive where it can; others lie inside."""
    for opening, inline, closing in zip(tokens, tokens[1:], tokens[2:], strict=False):
        images = [child for child in inline.children or () if child.type == "image"]
        for image in images:
            path, _ = _resolve(page, str(image.attrGet("src")))
            name = posixpath.basename(path).removesuffix(".png")
            if name in places.plots and len(inline.children or ()) == 1:
                opening.tag = closing.tag = "figure"
                opening.attrs = {"data-plot": name, "aria-label": image.content}
                inline.children = [Token("html_inline", "", 0, content=_without_script(image.content))]
            elif (picture := _picture(places.folder, path)) is not None:
                image.attrSet("src", picture)
            else:
                image.type, image.children = "text", None


def _without_script(alt: str) -> str:
    return f'<p class="absent">{escape(alt)}: this figure needs JavaScript.</p>'


def _link(children: Sequence[Token], page: Page, places: Places) -> None:
    """Links to pages stay inside the document, files in it are downloads, of all others the name is left."""
    tags: list[str] = []
    for child in children:
        if child.type == "link_open":
            href = str(child.attrGet("href"))
            path, heading = _resolve(page, href)
            if href.startswith("http"):
                child.attrs = {"href": href, "rel": "noreferrer"}
            elif path in places.addresses:
                at = f"&at={heading}" if heading else ""
                child.attrs = {"href": f"#{places.addresses[path]}{at}"}
            elif path in places.downloads:
                child.tag = "button"
                child.attrs = {"type": "button", "class": "link", "data-download": path}
            else:
                child.tag, child.attrs = "code", {}
            tags.append(child.tag)
        elif child.type == "link_close":
            child.tag = tags.pop()


def _tables(tokens: Sequence[Token], lines: Sequence[str], places: Places) -> Iterator[Token]:
    """Each table in a box that scrolls, with its name; what replaces a table in its place."""
    skipping = False
    for token in tokens:
        if token.type == "table_open" and token.map:
            source = "\n".join(lines[slice(*token.map)]).strip()
            skipping = source in places.replaced
            if skipping:
                yield _html(places.replaced[source])
            else:
                if source in places.tables:
                    token.attrSet("data-table", places.tables[source])
                    token.attrSet("data-csv", f"tables/{places.tables[source]}.csv")
                yield _html('<div class="box">')
        if not skipping:
            yield token
        if token.type == "table_close":
            if not skipping:
                yield _html("</div>")
            skipping = False


def _keep_ranges_whole(tokens: Sequence[Token]) -> None:
    for cell, inline in pairwise(tokens):
        if cell.type == "td_open":
            inline.children = [part for child in inline.children or () for part in _wholes(child)]


def _wholes(child: Token) -> list[Token]:
    """A piece of text, each range in it in an element of its own."""
    parts = _RANGE.split(child.content) if child.type == "text" else [""]
    if len(parts) == 1:
        return [child]
    shown = (_whole(part) if place % 2 else escape(part) for place, part in enumerate(parts))
    return [Token("html_inline", "", 0, content="".join(shown))]


def _whole(text: str) -> str:
    return f'<span class="whole">{escape(text)}</span>'


def _html(text: str) -> Token:
    return Token("html_block", "", 0, content=text)


def _mark_warnings(tokens: Sequence[Token]) -> None:
    """GitHub's notation for a warning becomes a box."""
    quote: Token | None = None
    for token in tokens:
        if token.type == "blockquote_open":
            quote = token
        elif token.type == "inline" and quote is not None:
            first = token.children[0] if token.children else None
            if first is not None and first.content == _WARNING:
                first.content = ""
                quote.attrSet("class", "warning")
            quote = None


def _picture(folder: Path, path: str) -> str | None:
    """A figure of the run as an address that needs no file; None for what is no figure of this folder."""
    file = folder / path
    inside = posixpath.dirname(path) == "figures" and path.endswith(".png")
    if not inside or file.is_symlink() or not file.is_file():
        return None
    return f"data:image/png;base64,{b64encode(file.read_bytes()).decode()}"
