"""Adapters against bare loops on one task, in alternating turns of one run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from compare.analysis.statistics import Ratio, Spread, paired_ratio, spread
from compare.benchmarks.interleaved import Lap, race
from compare.benchmarks.timed_worker import Contender, work_of
from tasks.interface import Task

BARE_LOOPS: dict[str, dict[str, str]] = {
    "mnist-rows": {
        "torch.nn.LSTM, torch.optim": "compare.benchmarks.torch_loops:NnLstm",
        "Keras model.fit": "compare.benchmarks.keras_loops:Fit",
    },
    "sine-online": {"tutorials' torch loop": "compare.benchmarks.torch_loops:OnlineTutorial"},
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
    laps = race(work_of(task, data_key), contenders, rounds, tick)
    return [
        Pace(
            name=name,
            seconds_per_update=spread(laps[name].seconds_per_update),
            speedups={
                loop: ratio for loop in loops if loop != name and (ratio := speedup(laps[loop], laps[name]))
            },
            error=laps[name].error,
        )
        for name in named
    ]


def speedup(slow: Lap, fast: Lap) -> Ratio | None:
    """How many times as fast the second was, round by round; None where one took no part."""
    if slow.error or fast.error:
        return None
    pairs = zip(slow.seconds_per_update, fast.seconds_per_update, strict=True)
    return paired_ratio([before / after for before, after in pairs])
