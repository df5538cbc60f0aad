"""What installed packages add by name: entry points, read without importing what they name."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, entry_points


class NameTaken(Exception):  # noqa: N818 - reads as the fact that it states
    """One name that several packages give to different things; the message shows where each comes from."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """Something called `name`, to be imported from `target`, "module:attribute"; `source` brought it."""

    name: str
    target: str
    source: str


def registry(group: str, shipped: Mapping[str, str]) -> dict[str, tuple[Plugin, ...]]:
    """Everything of a kind by name, what is shipped first; a name given twice has two entries."""
    found: defaultdict[str, list[Plugin]] = defaultdict(list)
    for name, target in shipped.items():
        found[name].append(Plugin(name, target, "lockstep"))
    for plugin in _installed(group):
        found[plugin.name].append(plugin)
    return {name: tuple(plugins) for name, plugins in found.items()}


def the_only(plugins: tuple[Plugin, ...]) -> Plugin:
    """The one plugin of a name.

    Raises: NameTaken where there are several.
    """
    first, *others = plugins
    if others:
        sources = " and ".join(f"{plugin.target} (from {plugin.source})" for plugin in plugins)
        raise NameTaken(f"{first.name!r} is the name of {sources}: uninstall all but one")
    return first


@cache
def _installed(group: str) -> tuple[Plugin, ...]:
    return tuple(
        Plugin(point.name, point.value.partition("[")[0].strip(), _source(point.dist))
        for point in sorted(entry_points(group=group), key=lambda point: (point.name, point.value))
    )


def _source(distribution: Distribution | None) -> str:
    return f"{distribution.name} {distribution.version}" if distribution else "an unknown package"
