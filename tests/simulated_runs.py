"""Runs drawn from the reference report's own spread: of seeds, of processes from a seed, of rounds."""

import math
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from compare.cli import plan
from compare.records.run import Round
from compare.storage.results import open_run
from tests.commands import ROOT

ROUNDS, PROCESSES = plan.ROUNDS["standard"], plan.PROCESSES["standard"]
"""Of each seed, and of all seeds together."""


@dataclass(frozen=True)
class Spread:
    """Deviations of logarithms of times on a task: each unbiased by the mean that it was taken from.

    `seeds` by adapter and seed, as all adapters share a seed's minute; the others are pools by adapter.
    """

    seeds: np.ndarray
    processes: list[np.ndarray]
    rounds: list[np.ndarray]


@cache
def reference():
    return open_run(ROOT / "reports" / "reference")


@cache
def tasks():
    """Those from several seeds: how far these lie apart is not known of the others."""
    seeds = {(run.task, run.seed) for run in reference().runs}
    return [task for task in reference().tasks if (task.name, 1) in seeds]


@cache
def spreads():
    """By task."""
    return {task.name: _spread(task.name) for task in tasks()}


def simulated(seeds, generator, slower=None, machine=1.0):
    """A run of the reference's tasks from so many seeds.

    `slower` are factors of an adapter's times by its name, `machine` one of all times.
    """
    runs = [
        run
        for task in tasks()
        for seed in range(seeds)
        for run in _block(task.name, seed, seeds, generator, slower or {}, machine)
    ]
    return replace(reference(), tasks=tasks(), runs=runs, proofs=[], tutorials=None, threads=[])


def _spread(task):
    runs = [run for run in reference().runs if run.task == task]
    adapters = list(dict.fromkeys(run.adapter for run in runs))
    seeds, processes, rounds = [], [], []
    for adapter in adapters:
        medians, inside = [], []
        for run in runs:
            if run.adapter == adapter:
                logs = {}
                for turn in run.rounds:
                    if turn.counts:
                        logs.setdefault(turn.process, []).append(math.log(turn.seconds / turn.sequences))
                medians.append([np.median(each) for each in logs.values()])
                inside += [_deviations(each) for each in logs.values()]
        seeds.append(_deviations([np.mean(each) for each in medians]))
        processes.append(np.concatenate([_deviations(each) for each in medians]))
        rounds.append(np.concatenate(inside))
    return Spread(seeds=np.array(seeds), processes=processes, rounds=rounds)


def _deviations(values):
    """From their mean, and as large as those from the true one would be."""
    return (np.array(values) - np.mean(values)) * math.sqrt(len(values) / (len(values) - 1))


def _block(task, seed, seeds, generator, slower, machine):
    """The records of a block; what they learned is the reference's from its first seed."""
    spread, count = spreads()[task], max(1, math.ceil(PROCESSES / seeds))
    of_seed = spread.seeds[:, generator.integers(spread.seeds.shape[1])] * generator.choice([-1, 1])
    known = [run for run in reference().runs if run.task == task and run.seed == 0]
    for place, run in enumerate(known):
        of_processes = generator.choice(spread.processes[place], count)
        of_rounds = generator.choice(spread.rounds[place], ROUNDS)
        base = math.log(machine * slower.get(run.adapter, 1.0)) + of_seed[place]
        rounds = [
            Round(
                index=index,
                sequences=1000,
                seconds=math.exp(base + of_processes[index * count // ROUNDS] + of_rounds[index]),
                process=index * count // ROUNDS,
            )
            for index in range(ROUNDS)
        ]
        epochs = [replace(epoch, losses=epoch.losses[:5]) for epoch in run.epochs[:1]]
        yield replace(run, seed=seed, rounds=rounds, epochs=epochs, forecast=None, confusion=None)
