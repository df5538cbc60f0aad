"""Many stored runs made from one: other dates, versions, machines and speeds, each in a folder of its own."""

import math
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from numpy.random import PCG64, Generator

from compare.storage.results import save

CPUS = ("A CPU of 2024", "Another CPU of 2025", "A third CPU")
PARTS = ("README.md", "pages", "figures", "tables")


def varied(results, number, *, factors=None, machine=0, torch="2.13.0", spread=0.01):
    """The results as those of a later day: times are `factors` times as long by adapter, and a little off."""
    noise = Generator(PCG64([number, 7]))
    of_run = {adapter: noise.normal(0, spread) for adapter in sorted({run.adapter for run in results.runs})}
    environment = replace(
        results.environment,
        date=(datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(days=number)).isoformat(),
        cpu=CPUS[machine % len(CPUS)],
    )
    runs = []
    for run in results.runs:
        longer = (factors or {}).get(run.adapter, 1.0) * math.exp(of_run[run.adapter])
        of_process = {turn.process: math.exp(noise.normal(0, spread / 2)) for turn in run.rounds}
        rounds = [
            replace(turn, seconds=turn.seconds * longer * of_process[turn.process]) for turn in run.rounds
        ]
        worker = run.worker
        if worker and run.adapter == "torch":
            worker = replace(worker, versions={**worker.versions, "torch": torch})
        runs.append(replace(run, rounds=rounds, worker=worker, machine=""))
    return replace(results, environment=environment, runs=runs, machines={}, environments={})


def store(results, folder, pages_of=None):
    """The results in a folder, with the pages of another run's report where one is named."""
    folder.mkdir(parents=True)
    save(results, folder)
    for name in PARTS if pages_of else ():
        source = pages_of / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


def stored_history(results, folder, count, pages_of=None):
    """A history on three machines: from its middle on torch is newer, and takes a tenth longer there."""
    for number in range(count):
        late = number >= count / 2
        one = varied(
            results,
            number,
            factors={"torch": 1.1 if late else 1.0},
            machine=number % 3,
            torch="2.13.0" if late else "2.12.1",
        )
        store(one, folder / f"run-{number:03}", pages_of)
    return folder
