"""The tasks, by name; an explicit dict, so that what runs is what stands here."""

from tasks.interface import Task
from tasks.mnist import MnistRows
from tasks.sine import SineLstm, SineOnline, SineWindow
from tasks.tutorials import RECIPES

TASKS: dict[str, Task] = {task.name: task for task in (SineOnline(), SineWindow(), SineLstm(), MnistRows())}


def find(name: str) -> Task:
    """The task of this name, one of TASKS or one that only a tutorial's recipe runs."""
    return TASKS[name] if name in TASKS else next(r.task for r in RECIPES.values() if r.task.name == name)
