"""What there is to run, as tables for the terminal; imports no framework."""

from rich.table import Table

from adapters import ADAPTERS, AdapterUnavailable, version
from tasks import TASKS


def tasks_table() -> Table:
    """The tasks and what they learn."""
    table = Table(title="Tasks", title_justify="left", box=None)
    table.add_column("task", style="bold", no_wrap=True)
    table.add_column("what is learned")
    for task in TASKS.values():
        table.add_row(task.name, task.summary)
    return table


def adapters_table() -> Table:
    """The adapters, with the framework's version or the reason why they cannot run."""
    table = Table(title="Adapters", title_justify="left", box=None)
    table.add_column("adapter", style="bold", no_wrap=True)
    table.add_column("framework")
    for name in ADAPTERS:
        try:
            table.add_row(name, version(name))
        except AdapterUnavailable as error:
            table.add_row(name, f"unavailable: {error}")
    return table
