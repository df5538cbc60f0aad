"""Adapters against bare loops on one task, in alternating turns of one run."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from numpy.random import PCG64, Generator, SeedSequence

from compare.analysis.statistics import Ratio, Spread, paired_ratio, spread
from compare.bench.pacer import Contender, Pacer, Work
from compare.markup import slug
from compare.process import WorkerFailed
from tasks.interface import Task

TIMEOUT_SECONDS = 600.0

BARE_LOOPS: dict[str, dict[str, str]] = {
    "mnist-rows": {
        "torch.nn.LSTM, torch.optim": "compare.bench.torch_loops:NnLstm",
        "Keras model.fit": "compare.bench.keras_loops:Fit",
    },
    "sine-online": {"tutorials' torch loop": "compare.bench.torch_loops:OnlineTutorial"},
}
"""Task -> name to show -> "module:Class"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long a contender's updates took, and how many times as fast as each bare loop it was.

    Units: `seconds_per_update`, over rounds; `speedups` by the loop's name, paired by round.
    """

    name: str
    seconds_per_update: Spread | None
    speedups: Mapping[str, Ratio]
    error: str | None = None


def work_of(task: Task, data_key: str) -> Work:
    """A task's training, from seed 0."""
    dataset = task.dataset(data_key)
    return Work(
        model=task.model,
        train=task.train,
        parameters=task.initial_parameters(0),
        inputs=dataset.inputs,
        targets=dataset.targets,
        batch=task.batch_size,
    )


def race(
    work: Work,
    contenders: Sequence[Contender],
    rounds: int,
    tick: Callable[[str], None],
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Seconds per update of every contender, round by round, and why some have none.

    All are alive at once and take turns in an order shuffled anew each round; `tick` hears of each turn.
    """
    generator = Generator(PCG64(SeedSequence(0)))
    errors: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as logs, ExitStack() as stack:
        racing: list[Pacer] = []
        for contender in contenders:
            tick(contender.name)
            try:
                log = Path(logs) / f"{slug(contender.name)}.log"
                pacer = Pacer(contender, work, TIMEOUT_SECONDS, log)
                stack.callback(pacer.leave)
                pacer.warm_up()
                racing.append(pacer)
            except WorkerFailed as failure:
                errors[contender.name] = str(failure)
        for _ in range(rounds):
            for place in generator.permutation(len(racing)):
                racing[place].turn()
                tick(racing[place].contender.name)
        return {pacer.contender.name: pacer.seconds_per_update for pacer in racing}, errors


def duel(
    task: Task,
    data_key: str,
    adapters: Sequence[str],
    threads: int,
    rounds: int,
    tick: Callable[[str], None],
) -> list[Pace]:
    """The task's bare loops and the adapters, each with its ratios to the bare loops."""
    loops = BARE_LOOPS[task.name]
    named = {**loops, **{name: name for name in adapters}}
    contenders = [Contender(name=name, adapter=target, threads=threads) for name, target in named.items()]
    taken, errors = race(work_of(task, data_key), contenders, rounds, tick)
    return [
        Pace(
            name=name,
            seconds_per_update=spread(taken.get(name, [])),
            speedups={
                loop: ratio
                for loop in loops
                if loop in taken and name in taken and (ratio := _speedup(taken[loop], taken[name]))
            },
            error=errors.get(name),
        )
        for name in named
    ]


def _speedup(slow: Sequence[float], fast: Sequence[float]) -> Ratio | None:
    return paired_ratio([before / after for before, after in zip(slow, fast, strict=True)])
