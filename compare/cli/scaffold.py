"""`new NAME`: an adapter to fill in and its test, alone or in a package."""

import keyword
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from adapters import registered
from compare.errors import UsageError

FILES = {
    "adapter.py.jinja": "{module}.py",
    "test_adapter.py.jinja": "test_{module}.py",
}
PACKAGE_FILES = {
    "adapter.py.jinja": "{module}.py",
    "test_adapter.py.jinja": "tests/test_{module}.py",
    "pyproject.toml.jinja": "pyproject.toml",
}
"""Template -> where it is written."""

JOB = "job"
"""What a job's file is asked for with, and no adapter may be called."""

MOST_LETTERS = 80
"""Of a name: the names of files are made from it."""


def scaffold(name: str, *, package: bool) -> list[Path]:
    """Write the files into the current folder, or into a new one for a package; return their paths.

    Raises: UsageError for a name that is no identifier or is taken, and where a file is there already.
    """
    check_name(name)
    if name == JOB:
        raise UsageError(f"NAME is {name!r}: new job NAME writes a job's file; call an adapter otherwise")
    if name in registered():
        taken = ", ".join(plugin.source for plugin in registered()[name])
        raise UsageError(f"NAME is {name!r}: an adapter of this name is there already, from {taken}")
    folder = Path(f"lockstep-{name.replace('_', '-')}") if package else Path()
    module = f"lockstep_{name}" if package else f"{name}_adapter"
    targets = {
        template: folder / path.format(module=module)
        for template, path in (PACKAGE_FILES if package else FILES).items()
    }
    for path in (folder, *targets.values()) if package else targets.values():
        if path.exists():
            raise UsageError(f"{path} is there already, and nothing is overwritten: choose another NAME")
    environment = Environment(
        loader=PackageLoader("compare.cli.scaffold"),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the files are Python and TOML; a name is an identifier
    )
    type_name = "".join(part.capitalize() for part in name.split("_")) + "Adapter"
    facts = {"name": name, "module": module, "class": type_name, "package": package, "folder": str(folder)}
    for template, path in targets.items():
        write_new(path, environment.get_template(template).render(facts))
    return list(targets.values())


def check_name(name: str) -> None:
    """Raise for a name that no adapter and no job may have.

    Raises: UsageError.
    """
    if len(name) > MOST_LETTERS:
        raise UsageError(f"NAME has {len(name)} letters: it may have {MOST_LETTERS} at most")
    if not (name.isascii() and name.isidentifier() and name[0].isalpha()) or keyword.iskeyword(name):
        raise UsageError(
            f"NAME is {name!r}: it must be a Python identifier that begins with a letter from a to z, "
            "and holds only such letters, digits and _"
        )


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises: UsageError where that cannot be done.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
