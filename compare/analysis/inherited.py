"""What the user's shell or cluster had to do with a run: what took effect, and what was not as asked for."""

from collections.abc import Sequence

from compare.analysis.task_summary import TaskSummary
from compare.records.environment import Environment
from compare.text import shortened


def departures(tasks: Sequence[TaskSummary]) -> list[str]:
    """What workers found that is not as it was asked for, a sentence each, and what follows from it."""
    found: dict[str, dict[str, None]] = {}
    for task in tasks:
        for summary in task.adapters:
            for departure in summary.departures:
                effect = "" if departure.comparable else "; its speed is not comparable"
                found.setdefault(f"{departure.found}{effect}", {})[summary.adapter] = None
    return [f"{', '.join(adapters)}: {said}." for said, adapters in found.items()]


def inherited_settings(environment: Environment) -> list[str]:
    """The variables that passed on to the workers, and what the shell allows less of; a sentence each."""
    kept = [
        f"{each.name} was set to {shortened(each.value)} in every worker: it is read by {each.read_by}, and "
        f"changes {each.changes}."
        for each in environment.inherited
        if each.treatment == "kept"
    ]
    limits = environment.limits.items()
    return [*kept, *(f"The run was started under a limit: {what}, {limit}." for what, limit in limits)]
