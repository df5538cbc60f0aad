"""The tables of the `list` command; no framework is imported."""

from rich.table import Table

from adapters import AdapterUnavailable, declaration, registered, version
from adapters.declaration_reader import AdapterBroken
from adapters.entry_points import NameTaken, Plugin
from adapters.interface import Declaration
from tasks import TASKS
from tasks import registered as registered_tasks


def tasks_table() -> Table:
    """The tasks and what they learn; of those of installed packages, which are not imported, their source."""
    table = Table(title="Tasks", title_justify="left", box=None)
    table.add_column("task", style="bold", no_wrap=True)
    table.add_column("what is learned", overflow="fold")
    for name, plugins in registered_tasks().items():
        table.add_row(name, TASKS[name].summary if name in TASKS else _sources(plugins))
    return table


def adapters_table() -> Table:
    """The adapters, where they come from, and the framework's version or the reason why they cannot run."""
    table = Table(title="Adapters", title_justify="left", box=None)
    table.add_column("adapter", style="bold", no_wrap=True)
    for heading in ("framework", "runs", "from"):
        table.add_column(heading, overflow="fold")
    for name, plugins in registered().items():
        table.add_row(name, *_version_and_abilities(name), _sources(plugins))
    return table


def _version_and_abilities(name: str) -> tuple[str, str]:
    try:
        declared = declaration(name)
        return version(name), _abilities(declared)
    except AdapterUnavailable as error:
        return f"unavailable: {error}", ""
    except (AdapterBroken, NameTaken) as error:
        return f"failed: {error}", ""


def _abilities(declared: Declaration) -> str:
    """Its devices, and what it is limited to."""
    defaults = Declaration()
    limits = [
        value
        for value, all_of_them in (
            (declared.cells, defaults.cells),
            (declared.optimizers, defaults.optimizers),
            (declared.dtypes, defaults.dtypes),
        )
        if set(value) < set(all_of_them)
    ]
    return "; ".join([", ".join(declared.devices), *(f"{', '.join(limit)} only" for limit in limits)])


def _sources(plugins: tuple[Plugin, ...]) -> str:
    return ", ".join(plugin.source for plugin in plugins)
