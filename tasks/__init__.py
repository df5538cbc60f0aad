"""The tasks, by name: those that stand here, and those of installed packages, imported on demand."""

import importlib

from adapters.entry_points import Plugin, registry, the_only
from tasks.adding import Adding
from tasks.interface import Task
from tasks.life_expectancy import LifeExpectancy
from tasks.mnist import MnistRows
from tasks.sine import SineLstm, SineOnline, SineWindow
from tasks.tutorials import RECIPES

TASKS: dict[str, Task] = {
    task.name: task
    for task in (SineOnline(), SineWindow(), SineLstm(), MnistRows(), Adding(), LifeExpectancy())
}

GROUP = "lockstep.tasks"
"""The entry points by which other packages add tasks."""


class TaskBroken(Exception):  # noqa: N818 - reads as the fact that it states
    """A task that an installed package adds and that cannot be used; one line says why."""


class UnknownTask(KeyError):  # noqa: N818 - reads as the fact that it states
    """A name that no task has; one line names those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


def registered() -> dict[str, tuple[Plugin, ...]]:
    """Every task there is by name, those of installed packages last; none of theirs is imported."""
    shipped = {name: f"{type(task).__module__}:{type(task).__name__}" for name, task in TASKS.items()}
    return registry(GROUP, shipped)


def find(name: str) -> Task:
    """The task of this name, one that is registered or one that only a tutorial's recipe runs.

    Raises: UnknownTask; NameTaken for a name that two packages claim; TaskBroken.
    """
    of_recipes = {recipe.task.name: recipe.task for recipe in RECIPES.values()}
    plugins = registered().get(name)
    if plugins is not None:
        plugin = the_only(plugins)
        return TASKS[name] if name in TASKS else _open(plugin)
    if name not in of_recipes:
        raise UnknownTask(
            f"there is no task {name!r}: choose from {', '.join({**registered(), **of_recipes})}"
        )
    return of_recipes[name]


def _open(plugin: Plugin) -> Task:
    module, _, attribute = plugin.target.partition(":")
    place = f"task {plugin.name!r}, {plugin.target} of {plugin.source}"
    try:
        task = getattr(importlib.import_module(module), attribute)()
    except Exception as error:
        raise TaskBroken(f"{place}: {type(error).__name__}: {error}") from error
    if not isinstance(task, Task) or getattr(task, "name", None) != plugin.name:
        raise TaskBroken(
            f"{place}: it must be a subclass of tasks.interface.Task whose name is {plugin.name!r}"
        )
    return task
