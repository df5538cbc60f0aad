"""The document around pages: its head, the list of pages, its programs and their data."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from compare.report.html.packing import script_hash, script_json

STATIC = files("compare.report.html") / "static"


def document(
    *,
    layout: str,
    title: str,
    groups: Sequence[tuple[str, Sequence[tuple[str, str]]]],
    pages: Sequence[tuple[str, str, str]],
    styles: Sequence[Traversable],
    programs: Sequence[Traversable],
    scripts: Sequence[str],
    data: object,
    packed: Mapping[str, str],
) -> str:
    """One HTML document of many pages, one of which is shown at a time.

    `layout` is a template that is or extends `document.html.jinja`.
    `groups` is the list of pages, each an address and a title; `pages` are an address, a title and HTML.
    `styles` are style sheets; `programs`, in their order, are one program, which runs beside `scripts` alone:
    sources as a Content-Security-Policy has them. `data` is what it reads at once, `packed` what it unpacks
    when asked.
    """
    program = "".join(each.read_text(encoding="utf-8") for each in programs)
    return template(layout).render(
        title=title,
        groups=groups,
        pages=pages,
        style="".join(each.read_text(encoding="utf-8") for each in styles),
        program=program,
        scripts=[f"'{script_hash(program)}'", *scripts],
        data=script_json(data),
        packed=packed,
    )


@cache
def template(name: str) -> Template:
    """A template of HTML, in which all that is no markup is escaped."""
    environment = Environment(
        loader=PackageLoader("compare.report.html", "static"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
