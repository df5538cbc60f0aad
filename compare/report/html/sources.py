"""The code of adapters, to be shown in a page: of those that ship, and of those of installed packages."""

import importlib.machinery
from collections.abc import Iterable
from pathlib import Path

from adapters import registered
from compare.records.run import Run

_REPOSITORY = Path(__file__).resolve().parents[3]


def sources(runs: Iterable[Run]) -> dict[str, dict[str, str]]:
    """By adapter, the files of its folder by name, that of its class first.

    Results name adapters, and are data: a file is read only where the registry has the adapter, never because
    a path stands in the results, and nothing is imported.
    """
    found = {adapter: _files(adapter) for adapter in dict.fromkeys(run.adapter for run in runs)}
    return {adapter: files for adapter, files in found.items() if files}


def _files(adapter: str) -> dict[str, str]:
    plugins = registered().get(adapter, ())
    path = _find(plugins[0].target.partition(":")[0]) if len(plugins) == 1 else None
    if path is None:
        return {}
    inside = path.is_relative_to(_REPOSITORY / "adapters") and path.parent != _REPOSITORY / "adapters"
    others = sorted(set(path.parent.glob("*.py")) - {path, path.parent / "__init__.py"}) if inside else []
    return {_name(each): each.read_text(encoding="utf-8", errors="replace") for each in (path, *others)}


def _find(module: str) -> Path | None:
    """The file of a module, found without importing a package around it; None where there is no source."""
    places: list[str] | None = [str(_REPOSITORY)] if module.partition(".")[0] == "adapters" else None
    spec: importlib.machinery.ModuleSpec | None = None
    parts = module.split(".")
    for depth in range(len(parts)):
        spec = importlib.machinery.PathFinder.find_spec(".".join(parts[: depth + 1]), places)
        if spec is None:
            return None
        places = list(spec.submodule_search_locations or ())
    path = Path(spec.origin) if spec and spec.origin else None
    return path if path is not None and path.suffix == ".py" and path.is_file() else None


def _name(path: Path) -> str:
    inside = path.is_relative_to(_REPOSITORY)
    return path.relative_to(_REPOSITORY).as_posix() if inside else f"{path.parent.name}/{path.name}"
