"""The machines of results that were stored before each run named its own."""

import re
from collections.abc import Sequence
from dataclasses import replace

from compare.records.environment import Environment
from compare.records.machine import Machine, machine_of
from compare.records.results import Results
from compare.records.run import Run

_BLAS = re.compile(r"(\w+) \S+ \(([^,]+), ")
"""A library of NumPy's with its version, its kernel and its threads, as a worker tells it."""


def with_machines(results: Results) -> Results:
    """The results with a machine for every record: where it names none, that of its environment."""
    changed = [each for each in results.interruptions if each.changed]
    environments = [results.environment, *(each.environment for each in changed)]
    versions = [results.versions, *(each.versions for each in changed)]
    last = len(environments) - 1
    machines = [
        _machine([run for run in results.runs if min(run.part, last) == part], environment)
        for part, environment in enumerate(environments)
    ]
    places = [min(run.part, last) for run in results.runs]
    runs = [
        _on(run, machines[place], environments[place], versions[place].get(run.adapter, ""))
        for run, place in zip(results.runs, places, strict=True)
    ]
    accuracy = results.accuracy and results.accuracy.on([machine.fingerprint for machine in machines])
    results = replace(results, runs=runs, accuracy=accuracy)
    for machine in reversed(machines):
        results = results.on(machine)
    return results


def _machine(runs: Sequence[Run], environment: Environment) -> Machine:
    told = (library for run in runs if run.adapter == "numpy" and run.worker for library in run.worker.blas)
    blas = next((f"{found[1]} {found[2]}" for library in told if (found := _BLAS.match(library))), "")
    device = next((run.device for run in runs if run.device != "cpu"), "cpu")
    return machine_of(environment, blas, device)


def _on(run: Run, machine: Machine, environment: Environment, version: str) -> Run:
    if run.machine:
        return run
    return replace(
        run,
        machine=machine.fingerprint,
        lockstep=environment.lockstep,
        version=version,
        threads=environment.threads,
    )
