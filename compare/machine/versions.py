"""The versions of frameworks that are installed on this machine."""

from collections.abc import Iterable

from adapters import AdapterUnavailable, version
from adapters.declaration_reader import AdapterBroken
from adapters.entry_points import NameTaken


def framework_versions(adapters: Iterable[str]) -> dict[str, str]:
    """The version of each adapter's framework that is installed, empty where there is none."""
    versions = {}
    for adapter in adapters:
        try:
            versions[adapter] = version(adapter)
        except (AdapterUnavailable, AdapterBroken, NameTaken, KeyError):
            versions[adapter] = ""
    return versions
