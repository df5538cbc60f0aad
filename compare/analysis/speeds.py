"""How fast adapters are: their rounds, and ratios of times within a round."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import geometric_mean, median

from compare.analysis.adapter_summary import AdapterSummary, latest
from compare.analysis.statistics import Ratio, Spread, clustered_ratio, spread
from compare.records.run import Run
from compare.records.sweep import ThreadRounds


@dataclass(frozen=True, slots=True, kw_only=True)
class AATest:
    """An adapter timed against itself: `times` is that under the second name in multiples of the first's."""

    adapter: str
    second_name: str
    throughputs: tuple[Spread | None, Spread | None]
    times: Ratio | None

    @property
    def passed(self) -> bool:
        """Whether no difference was found, as there is none."""
        return self.times is not None and self.times.includes_one


def throughput(runs: Sequence[Run]) -> Spread | None:
    """Sequences per second over the rounds that count, or the runs' own medians where none were kept."""
    runs_now = latest(runs)
    turns = [turn.sequences / turn.seconds for run in runs_now for turn in run.rounds if turn.counts]
    medians = [run.sequences_per_second for run in runs_now if run.sequences_per_second is not None]
    return spread(turns or medians)


def thread_speedup(rounds: ThreadRounds) -> Spread | None:
    """How many times as fast all threads are as one, round by round; None where there was an error."""
    if rounds.error:
        return None
    return spread([one / all_ for one, all_ in zip(rounds.single, rounds.several, strict=True)])


def times(ours: Sequence[Run], theirs: Sequence[Run]) -> Ratio | None:
    """The time of one adapter for the same work in multiples of the other's, paired by process and round."""
    return clustered_ratio(process_ratios(ours, theirs))


def process_ratios(ours: Sequence[Run], theirs: Sequence[Run]) -> list[list[float]]:
    """The ratios of times in the rounds of each pair of processes."""
    numerators, denominators = _round_times(ours), _round_times(theirs)
    ratios: dict[tuple[int, int], list[float]] = {}
    for seed, process, index in sorted(numerators.keys() & denominators.keys()):
        ratio = numerators[seed, process, index] / denominators[seed, process, index]
        ratios.setdefault((seed, process), []).append(ratio)
    return list(ratios.values())


def process_medians(runs: Sequence[Run]) -> list[float]:
    """The median time of a sequence in each process, over the rounds that count."""
    return [*process_times(runs).values()]


def seed_medians(runs: Sequence[Run]) -> list[float]:
    """The time of a sequence from each seed: the geometric mean of its processes' medians."""
    return [*seed_times(runs).values()]


def process_times(runs: Sequence[Run]) -> dict[tuple[int, ...], float]:
    """The median time of a sequence in each process, by seed and process."""
    by_process: dict[tuple[int, ...], list[float]] = {}
    for (seed, process, _), seconds in _round_times(runs).items():
        by_process.setdefault((seed, process), []).append(seconds)
    return {key: median(each) for key, each in by_process.items()}


def seed_times(runs: Sequence[Run]) -> dict[tuple[int, ...], float]:
    """The geometric mean of those medians, by seed."""
    by_seed: dict[tuple[int, ...], list[float]] = {}
    for (seed, _), seconds in process_times(runs).items():
        by_seed.setdefault((seed,), []).append(seconds)
    return {key: geometric_mean(each) for key, each in by_seed.items()}


def compared_with_fastest(plain: Sequence[AdapterSummary]) -> tuple[AdapterSummary, ...]:
    """The summaries with ratios to the fastest: highest throughput, unless another is faster in pairs."""
    speeds = {s.adapter: s.throughput.median for s in plain if s.comparable and s.throughput}
    compared = _compared_with(max(speeds, key=speeds.__getitem__, default=None), plain)
    faster = min(compared, key=lambda summary: summary.slowdown, default=None)
    return compared if faster is None or faster.slowdown >= 1 else _compared_with(faster.adapter, plain)


def compared_with_baseline(
    baseline: str | None, plain: Sequence[AdapterSummary]
) -> tuple[AdapterSummary, ...]:
    """The summaries with ratios to the baseline, unchanged where its speed cannot be compared."""
    base = next((s for s in plain if s.adapter == baseline and s.comparable), None)
    if base is None:
        return tuple(plain)
    return tuple(
        replace(summary, times_baseline=times(summary.runs, base.runs)) if summary.comparable else summary
        for summary in plain
    )


def _compared_with(fastest: str | None, plain: Sequence[AdapterSummary]) -> tuple[AdapterSummary, ...]:
    base = next((summary.runs for summary in plain if summary.adapter == fastest), ())
    return tuple(
        replace(summary, times_fastest=times(summary.runs, base)) if summary.comparable else summary
        for summary in plain
    )


def _round_times(runs: Sequence[Run]) -> dict[tuple[int, int, int], float]:
    return {
        (run.seed, turn.process, turn.index): turn.seconds / turn.sequences
        for run in latest(runs)
        for turn in run.rounds
        if turn.counts
    }
