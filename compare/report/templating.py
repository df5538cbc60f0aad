"""The templates of pages, and the filters that they use."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from compare.text import code, difference, escape, escape_sentence, factor, number, percent, seconds


def template(name: str) -> Template:
    """A page's template."""
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("compare.report"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the page is Markdown: see `escape` in compare/text.py
    )
    environment.filters |= {
        "md": escape,
        "sentence": escape_sentence,
        "code": code,
        "number": number,
        "factor": factor,
        "difference": difference,
        "percent": percent,
        "seconds": seconds,
    }
    return environment
