"""How fast adapters are: rounds, and ratios inside them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import geometric_mean, median

from compare.analysis.adapter_summary import Standing, latest
from compare.analysis.statistics import Ratio, Spread, clustered_ratio, spread
from compare.records.run import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Twins:
    """The same adapter under two names, and the second's time in multiples of the first's."""

    adapter: str
    twin: str
    throughputs: tuple[Spread | None, Spread | None]
    times: Ratio | None

    @property
    def passed(self) -> bool:
        """Whether no difference was found where there is none."""
        return self.times is not None and self.times.holds_one


def throughput(runs: Sequence[Run]) -> Spread | None:
    """Sequences per second over the rounds that count, or the runs' own medians where none were kept."""
    runs_now = latest(runs)
    turns = [turn.sequences / turn.seconds for run in runs_now for turn in run.rounds if turn.counts]
    medians = [run.sequences_per_second for run in runs_now if run.sequences_per_second is not None]
    return spread(turns or medians)


def times(ours: Sequence[Run], theirs: Sequence[Run]) -> Ratio | None:
    """Our time for the same work in multiples of theirs, round by round, process by process."""
    numerators, denominators = _round_times(ours), _round_times(theirs)
    ratios: dict[tuple[int, int], list[float]] = {}
    for seed, process, index in sorted(numerators.keys() & denominators.keys()):
        ratio = numerators[seed, process, index] / denominators[seed, process, index]
        ratios.setdefault((seed, process), []).append(ratio)
    return clustered_ratio(list(ratios.values()))


def process_medians(runs: Sequence[Run]) -> list[float]:
    """The median time of a sequence in each process, over the rounds that count."""
    by_process: dict[tuple[int, int], list[float]] = {}
    for (seed, process, _), seconds in _round_times(runs).items():
        by_process.setdefault((seed, process), []).append(seconds)
    return [median(each) for each in by_process.values()]


def seed_medians(runs: Sequence[Run]) -> list[float]:
    """The time of a sequence from each seed: the geometric mean over its processes, of their medians."""
    runs_now = latest(runs)
    seeds = dict.fromkeys(run.seed for run in runs_now)
    by_seed = (process_medians([run for run in runs_now if run.seed == seed]) for seed in seeds)
    return [geometric_mean(medians) for medians in by_seed if medians]


def against_the_fastest(plain: Sequence[Standing]) -> tuple[Standing, ...]:
    """The fastest has the highest throughput, unless another is faster than it pair by pair."""
    speeds = {s.adapter: s.throughput.median for s in plain if s.comparable and s.throughput}
    compared = _against(max(speeds, key=speeds.__getitem__, default=None), plain)
    quicker = min(compared, key=lambda standing: standing.slowdown, default=None)
    return compared if quicker is None or quicker.slowdown >= 1 else _against(quicker.adapter, plain)


def against_the_baseline(baseline: str | None, plain: Sequence[Standing]) -> tuple[Standing, ...]:
    """With ratios against an adapter that was chosen beforehand, where its speed can be compared."""
    base = next((s for s in plain if s.adapter == baseline and s.comparable), None)
    if base is None:
        return tuple(plain)
    return tuple(
        replace(standing, times_baseline=times(standing.runs, base.runs)) if standing.comparable else standing
        for standing in plain
    )


def _against(fastest: str | None, plain: Sequence[Standing]) -> tuple[Standing, ...]:
    base = next((standing.runs for standing in plain if standing.adapter == fastest), ())
    return tuple(
        replace(standing, times_fastest=times(standing.runs, base)) if standing.comparable else standing
        for standing in plain
    )


def _round_times(runs: Sequence[Run]) -> dict[tuple[int, int, int], float]:
    return {
        (run.seed, turn.process, turn.index): turn.seconds / turn.sequences
        for run in latest(runs)
        for turn in run.rounds
        if turn.counts
    }
