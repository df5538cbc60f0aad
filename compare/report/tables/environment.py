"""Tables of where it ran: the machine, and what the workers found in it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import pandas as pd

from compare.analysis.task_summary import TaskSummary
from compare.records.environment import Environment
from compare.records.run import WorkerFacts
from compare.report.tables.table import Table
from compare.runner.blas_kernels import CORE_VARIABLE
from compare.text import counted, escape, number, number_list, shortened


def environment_table(environment: Environment) -> Table:
    """The machine and the moment."""
    raw = pd.DataFrame({"item": item, "value": _raw(value)} for item, value in asdict(environment).items())
    shown = {
        "CPU": environment.cpu,
        "GPU": "; ".join(environment.gpus),
        "Instruction sets": ", ".join(environment.flags),
        "Cores": f"{environment.physical_cores} physical, {environment.logical_cores} logical",
        "Usable cores": _usable(environment),
        "Clock": _clock(environment),
        "Container's limits": _limits(environment),
        "Before the run": _stated(
            (environment.busy_cores_before, "{} cores busy"), (environment.load_before, "load {}")
        ),
        "During the run": _stated(
            (environment.busy_cores_of_others, "{} cores busy with other programs"),
            (environment.stolen_cores, "{} cores given to other guests of the host"),
            (environment.throttled_seconds, "held back by a limit for {} s"),
        ),
        "After the run": _stated((environment.load_after, "load {}")),
        "Threads": f"{environment.threads} for every worker",
        "Memory": f"{environment.memory_bytes / 2**30:.1f} GiB" if environment.memory_bytes else "",
        "System": environment.system,
        "Python": environment.python,
        "Lockstep": environment.lockstep,
        "Date": environment.date,
        "Preset": environment.preset,
        "Command": environment.command,
    }
    return Table(
        name="environment",
        raw=raw,
        shown=pd.DataFrame({"Item": item, "Value": escape(value)} for item, value in shown.items() if value),
        text_columns=("Item", "Value"),
    )


def inherited_table(environment: Environment) -> Table | None:
    """The variables that some library reads, and what was done about them; None where there were none."""
    if not environment.inherited:
        return None
    raw = pd.DataFrame(asdict(each) for each in environment.inherited)
    shown = pd.DataFrame(
        {
            "Variable": raw["name"].map(escape),
            "Value": raw["value"].map(shortened).map(escape),
            "Workers": raw["treatment"].map(escape),
            "Read by": raw["read_by"].map(escape),
            "Changes": raw["changes"].map(escape),
        }
    )
    return Table(name="inherited", raw=raw, shown=shown, text_columns=tuple(shown.columns))


def workers_table(tasks: Sequence[TaskSummary]) -> Table | None:
    """What each adapter's workers found themselves running on; None where none answered."""
    workers = _workers(tasks)
    if not workers:
        return None
    raw = pd.DataFrame(
        {
            "adapter": adapter,
            "versions": _listed(worker.versions),
            "blas": "; ".join(worker.blas),
            "threads": worker.threads,
            "pools": _listed(worker.pools),
            "settings": _listed(worker.settings),
            "cores": "; ".join(f"{counted(n, 'thread')} on {cores}" for cores, n in worker.cores.items()),
            "switches": _listed(worker.switches),
        }
        for adapter, worker in workers.items()
    )
    shown = {
        "Adapter": raw["adapter"].map(escape),
        "Versions": raw["versions"].map(escape),
        "Libraries": raw["blas"].map(escape),
        "Threads, as read back": raw["pools"].map(escape),
        "Cores": raw["cores"].map(escape),
        "Settings": raw["settings"].map(escape),
        "Answers": raw["switches"].map(escape),
    }
    return Table(name="workers", raw=raw, shown=pd.DataFrame(shown), text_columns=tuple(shown))


def kernels_set(tasks: Sequence[TaskSummary]) -> dict[str, list[str]]:
    """The kernels that OpenBLAS was told to use by a variable: their name, and in whose workers."""
    adapters: dict[str, list[str]] = {}
    for adapter, worker in _workers(tasks).items():
        if CORE_VARIABLE in worker.settings:
            adapters.setdefault(worker.settings[CORE_VARIABLE], []).append(adapter)
    return adapters


def _workers(tasks: Sequence[TaskSummary]) -> dict[str, WorkerFacts]:
    """By adapter, what its latest worker found."""
    return {
        summary.adapter: run.worker
        for task in tasks
        for summary in task.adapters
        for run in summary.runs
        if run.worker
    }


def _raw(value: object) -> str:
    """Words as they are, nothing for what is not known, all else as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)


def _usable(environment: Environment) -> str:
    """How many cores, and which of them by their numbers."""
    cores = environment.affinity
    return f"{counted(len(cores), 'core')}: {number_list(cores)}" if cores else ""


def _listed(values: Mapping[str, object]) -> str:
    return "; ".join(f"{name} {value}" for name, value in values.items())


def _clock(environment: Environment) -> str:
    speed = "" if environment.megahertz is None else f"{environment.megahertz:,.0f} MHz at the start"
    governor = f"governor {environment.governor}" if environment.governor else "no governor to be read"
    return f"{speed}, {governor}" if speed else ""


def _limits(environment: Environment) -> str:
    if not environment.flags:
        return ""
    memory = environment.memory_limit_bytes
    limits = [
        *([f"{number(environment.quota_cores)} cores' time"] if environment.quota_cores else []),
        *([f"{memory / 2**30:.1f} GiB of memory"] if memory else []),
    ]
    return ", ".join(limits) or "none found"


def _stated(*facts: tuple[float | None, str]) -> str:
    """Those that were measured, in words."""
    return ", ".join(words.format(f"{value:.2f}") for value, words in facts if value is not None)
