"""Runs of made-up machines: the same work on each, with speeds that are planted."""

import math
from dataclasses import replace

from numpy.random import PCG64, Generator

from compare.records.machine import machine_of
from compare.records.run import Round
from compare.storage.checksums import write_checksums
from compare.storage.results import save
from tests.example_results import ENVIRONMENT, SINE, example_results, example_run

EXAMPLE = example_results()
SPEEDS = {"numpy": 1.0, "torch": 2.0, "jax": 0.5}
"""Adapter -> seconds for the same work, where nothing else is planted."""


def machine_results(cpu="A CPU", seeds=range(3), planted=None, processes=3, noise=0.01, **versions):
    """What a run on a machine leaves; `planted` are factors by adapter, for this machine alone."""
    environment = replace(ENVIRONMENT, cpu=cpu, command=f"python -m compare run {SINE.name}")
    runs = []
    for seed in seeds:
        for adapter, seconds in SPEEDS.items():
            own = Generator(PCG64([seed, *cpu.encode(), *adapter.encode()]))
            factors = [
                seconds * (planted or {}).get(adapter, 1.0) * math.exp(own.normal(0, noise))
                for _ in range(processes)
            ]
            rounds = [
                Round(
                    index=index, sequences=100, seconds=factors[index % processes], process=index % processes
                )
                for index in range(2 * processes)
            ]
            version = versions.get(adapter, "1.0")
            made = example_run(SINE, "numpy", seed)
            runs.append(
                replace(made, adapter=adapter, rounds=rounds, version=version, lockstep="0.1.0", threads=1)
            )
    bare = replace(EXAMPLE, environment=environment, tasks=[SINE], runs=runs, machines={})
    return bare.on(machine_of(environment, "openblas Haswell", "cpu"))


def stored(folder, results, checksums=True):
    """A run's folder, as it was left."""
    folder.mkdir()
    (folder / "logs").mkdir()
    (folder / "parameters").mkdir()
    runs = []
    for run in results.runs:
        name = f"{run.task}-{run.adapter}-{run.seed}"
        (folder / "logs" / f"{name}.log").write_text(f"{folder.name} {name}")
        (folder / "parameters" / f"{name}.npz").write_bytes(f"{folder.name} {name}".encode())
        runs.append(replace(run, log=f"logs/{name}.log"))
    save(replace(results, runs=runs), folder)
    if checksums:
        write_checksums(folder)
    return folder
