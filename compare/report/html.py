"""The same page as one HTML file that needs no other: figures inside it, a style sheet of its own."""

import re
from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

from jinja2 import Template
from markdown_it import MarkdownIt
from markdown_it.token import Token

from compare.storage.atomic import write_text

_WARNING = "[!WARNING]"


def write_html(folder: Path) -> Path:
    """Make report.html of the README.md in a folder and of the figures beside it; return its path."""
    text = (folder / "README.md").read_text(encoding="utf-8")
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = markdown.parse(text)
    _name_headings(tokens)
    for token in _flat(tokens):
        if token.type == "image":
            token.attrSet("src", _inlined(folder / str(token.attrGet("src"))))
    _unlink_files(tokens)
    _mark_warnings(tokens)
    template = files("compare.report") / "templates" / "page.html.jinja"
    title = next((after.content for token, after in _pairs(tokens) if token.type == "heading_open"), "Report")
    page = Template(template.read_text(encoding="utf-8"), autoescape=True).render(
        title=title, body=markdown.renderer.render(tokens, markdown.options, {})
    )
    write_text(folder / "report.html", page)
    return folder / "report.html"


def anchor(heading: str) -> str:
    """The name by which a page links to a heading, as GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _name_headings(tokens: Sequence[Token]) -> None:
    for token, after in _pairs(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor(after.content))


def _unlink_files(tokens: Sequence[Token]) -> None:
    """Files beside the page are not inside it: only their names are left, links within the page stay."""
    for token in tokens:
        open_links: list[bool] = []
        for child in token.children or ():
            if child.type == "link_open":
                open_links.append(str(child.attrGet("href")).startswith(("#", "http")))
                kept = open_links[-1]
            elif child.type == "link_close":
                kept = open_links.pop()
            else:
                continue
            if not kept:
                child.tag, child.attrs = "code", {}


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


def _inlined(path: Path) -> str:
    return f"data:image/png;base64,{b64encode(path.read_bytes()).decode()}"


def _flat(tokens: Sequence[Token]) -> list[Token]:
    return [each for token in tokens for each in (token, *(token.children or ()))]


def _pairs(tokens: Sequence[Token]) -> list[tuple[Token, Token]]:
    return list(pairwise(tokens))
