"""The command that measures one row of a report again."""

import shlex

from compare.records.results import Results, TaskRecord

_NUMBERS = ("seeds", "epochs", "rounds", "warm_ups")


def command(results: Results, task: TaskRecord, adapter: str) -> str:
    """A line for a shell: this adapter on this task, with the settings of the run."""
    environment, request = results.environment, results.request
    words = ["run", task.found_by or task.name, "--adapters", adapter, "--preset", environment.preset]
    for change in task.changes:
        words += ["--set", change]
    words += ["--threads", str(environment.threads)]
    for name in _NUMBERS:
        if request.get(name) is not None:
            words += [f"--{name.replace('_', '-')}", str(request[name])]
    if request.get("device", "cpu") != "cpu":
        words += ["--device", str(request["device"])]
    data = request.get("data")
    if isinstance(data, dict):
        words += ["--data", str(data.get("choice") or "auto")]
        if data.get("mnist_archives"):
            words += ["--mnist-archives", str(data["mnist_archives"])]
    return f"python -m compare {shlex.join(words)}"
