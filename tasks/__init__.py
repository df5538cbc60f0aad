"""The tasks, by name; an explicit dict, so that what runs is what stands here."""

from tasks.interface import Task
from tasks.mnist import MnistRows
from tasks.sine import SineLstm, SineOnline, SineWindow

TASKS: dict[str, Task] = {task.name: task for task in (SineOnline(), SineWindow(), SineLstm(), MnistRows())}
