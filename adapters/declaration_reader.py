"""What an adapter's source says about it: read, not imported, so that none of it runs."""

import ast
import importlib.util
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from threading import Lock

from adapters.declaration import Declaration

_ONE_AT_A_TIME = Lock()
"""CPython 3.11 counts the depth of what it parses in one place for all threads, and may find it wrong."""


class AdapterBroken(Exception):  # noqa: N818 - reads as the fact that it states
    """An adapter that cannot be used; one line says why."""


class AdapterMissing(AdapterBroken):
    """A module or a class that is not there."""


def declaration(target: str) -> Declaration:
    """The declaration of the class at "module:Class" or "file.py:Class", its own or inherited.

    The defaults where nothing is declared or there is no source to read.

    Raises: AdapterMissing; AdapterBroken for source that is no Python and a declaration that is not valid.
    """
    module, _, name = target.rpartition(":")
    path = find(module)
    if path is None:
        return Declaration()
    try:
        names = _bound(_parse(path))
        if name not in names and "*" not in names:
            found = ", ".join(classes(module)) or "none"
            raise AdapterMissing(f"{module} has no class {name!r}: its classes are {found}")
        return _declared(module, path, name) or Declaration()
    except RecursionError:
        raise AdapterBroken(f"{module}: too deeply nested, or imported in a circle") from None


def find(module: str) -> Path | None:
    """The source of a module or file, found without importing it or its parents; None where it has none.

    Raises: AdapterMissing.
    """
    if module.endswith(".py"):
        if not Path(module).is_file():
            raise AdapterMissing(f"there is no file {module!r}")
        return Path(module)
    spec = _spec(module)
    if spec is None:
        raise AdapterMissing(f"there is no module {module!r}")
    return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None


def classes(module: str) -> tuple[str, ...]:
    """The names of a module's classes.

    Raises: as `find`; AdapterBroken for source that is no Python.
    """
    path = find(module)
    body = _parse(path).body if path else []
    return tuple(node.name for node in body if isinstance(node, ast.ClassDef))


def adapter_classes(module: str) -> tuple[str, ...]:
    """The names of those classes that declare something, or derive from what is called an adapter.

    Raises: as `classes`.
    """
    path = find(module)
    body = _parse(path).body if path else []
    return tuple(node.name for node in body if isinstance(node, ast.ClassDef) and _looks_like_adapter(node))


def _looks_like_adapter(node: ast.ClassDef) -> bool:
    return any(_own(node)) or any(ast.unparse(base).endswith("Adapter") for base in node.bases)


def _spec(module: str) -> ModuleSpec | None:
    top, *rest = module.split(".")
    try:
        spec = importlib.util.find_spec(top) if all(part.isidentifier() for part in (top, *rest)) else None
    except ValueError:  # a module that was not imported from anywhere, such as __main__
        return None
    for part in rest:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(f"{spec.name}.{part}", list(spec.submodule_search_locations))
    return spec


def _parse(path: Path) -> ast.Module:
    try:
        with _ONE_AT_A_TIME:
            return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError) as error:
        raise AdapterBroken(f"{path.name} cannot be read: {error}") from None


def _bound(tree: ast.Module) -> set[str]:
    """Every name that the module may bind; "*" among them where that cannot be told."""
    names = {"*"} if any(getattr(node, "name", "") == "__getattr__" for node in tree.body) else set()
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                names.add(name)
            case ast.Import(names=imported) | ast.ImportFrom(names=imported):
                names.update(alias.asname or alias.name for alias in imported)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
    return names


def _declared(module: str, path: Path, name: str) -> Declaration | None:
    """The declaration of a class, or of the first of its bases that has one."""
    for node in ast.walk(_parse(path)):
        match node:
            case ast.ClassDef() if node.name == name:
                own = next(_own(node), None)
                if own is not None:
                    return _evaluate(own, f"{path.name}, line {own.lineno}")
                bases = (base.id for base in node.bases if isinstance(base, ast.Name))
                return next(filter(None, (_declared(module, path, base) for base in bases)), None)
            case ast.ImportFrom() if imported := [a for a in node.names if (a.asname or a.name) == name]:
                return _declared_elsewhere(_origin(node, module, path), imported[0].name)
    return None


def _declared_elsewhere(module: str, name: str) -> Declaration | None:
    try:
        path = find(module)
    except AdapterMissing:
        return None
    return _declared(module, path, name) if path else None


def _origin(node: ast.ImportFrom, module: str, path: Path) -> str:
    """The module that a module's `from … import` names."""
    own = [*module.split("."), *(["__init__"] if path.stem == "__init__" else [])]
    parents = own[: -node.level] if node.level else []
    return ".".join(filter(None, (*parents, node.module)))


def _own(node: ast.ClassDef) -> Iterator[ast.expr]:
    for statement in node.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id="declaration")], value=value)
                | ast.AnnAssign(target=ast.Name(id="declaration"), value=ast.expr() as value)
            ):
                yield value


def _evaluate(expression: ast.expr, place: str) -> Declaration:
    if not isinstance(expression, ast.Call) or expression.args:
        raise AdapterBroken(f"{place}: declaration must be written as Declaration(name=value, …)")
    try:
        return Declaration(**{str(k.arg): ast.literal_eval(k.value) for k in expression.keywords})
    except (ValueError, TypeError) as error:
        raise AdapterBroken(f"{place}: {_plain(error)}") from None


def _plain(error: Exception) -> str:
    text = str(error)
    return "a declaration holds literals only" if text.startswith("malformed node") else text
