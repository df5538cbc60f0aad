"""Reasons to doubt the figures of a run: in the machine, the libraries, the measurements themselves."""

import re
from collections.abc import Iterator, Mapping, Sequence

from scipy import stats

from compare.analysis.efficiency import product_rates
from compare.analysis.speeds import process_medians, thread_speedup
from compare.analysis.task_summary import TaskSummary
from compare.records.cluster import ClusterRecord
from compare.records.environment import Environment
from compare.records.profile import Profile
from compare.records.results import Results
from compare.records.run import ProductRate, Run
from compare.records.sweep import ThreadRounds
from compare.text import counted, factor, number, signed

BUSY_CORES = 0.2
STOLEN_CORES = 0.05
THROTTLED_SECONDS = 0.1
DRIFT = 0.05
UNEQUAL = 1.25
"""How many times as long as another a process of the same adapter may take before a caveat says so."""

WORTH_ONE_THREAD = 1.1
"""From how many times as fast on one thread is told of where all threads were used."""

LONG_EVALUATION_SECONDS = 10.0
"""From how much on an evaluation is told of, where it takes longer than training."""

FEWEST_ROUNDS_FOR_DRIFT = 6
MOST_TOLD = 3
"""How many of the things that were run again are named."""

SLOW_SHARE = 0.6
"""Below which share of the fastest library's rate a library must be running a poorer kernel."""

LEVELS = ("below AVX", "AVX", "AVX2", "AVX-512")
_OF_FLAG = {"avx": 1, "avx2": 2, "avx512f": 3}
_OF_KERNEL = {
    **dict.fromkeys(
        ("Prescott", "Core2", "Penryn", "Dunnington", "Nehalem", "Barcelona", "SSE4", "DEFAULT"), 0
    ),
    **dict.fromkeys(("Sandybridge", "Bulldozer", "Piledriver", "Steamroller", "AVX"), 1),
    **dict.fromkeys(("Haswell", "Zen", "Excavator", "AVX2"), 2),
    **dict.fromkeys(("SkylakeX", "Cooperlake", "SapphireRapids", "AVX512", "AVX-512"), 3),
}
_WORD = re.compile(r"[\w-]+")


def find_caveats(results: Results, tasks: Sequence[TaskSummary]) -> list[str]:
    """One sentence a caveat; none where nothing recorded speaks against the figures."""
    return [
        *cluster_caveats(results.cluster),
        *_busy(results.environment),
        *poor_kernels(results.environment, product_rates(results.runs)),
        *slow_paths(results.environment, results.profiles),
        *_drifts(tasks),
        *_unequal_processes(tasks),
        *_costly_threads(results.threads),
        *_slow_evaluations(tasks),
        *_failed_aa_tests(tasks),
    ]


def drift(run: Run) -> float:
    """By what share rounds became slower from the first to the last; 0 where there is no significant trend.

    Source: the slope of Theil 1950 and Sen 1968, its 95 % interval away from zero.
    """
    rounds = [turn for turn in run.rounds if turn.counts]
    if len(rounds) < FEWEST_ROUNDS_FOR_DRIFT:
        return 0.0
    times = [turn.seconds / turn.sequences for turn in rounds]
    trend = stats.theilslopes(times, [turn.index for turn in rounds])
    steady = trend.low_slope <= 0 <= trend.high_slope
    middle = sorted(times)[len(times) // 2]
    return 0.0 if steady else float(trend.slope) * (rounds[-1].index - rounds[0].index) / middle


def cluster_caveats(cluster: ClusterRecord | None) -> Iterator[str]:
    """What speaks against figures of a run that was spread over workers; nothing against one that was not."""
    if cluster and cluster.shared:
        yield (
            f"Workers of this run's cluster, {cluster.workers} of them, shared a machine and took each "
            "other's time: its speeds are not comparable, within it or with those of another run."
        )
    if cluster and cluster.again:
        told = "; ".join(cluster.again[:MOST_TOLD])
        more = f"; and {len(cluster.again) - MOST_TOLD} more" if len(cluster.again) > MOST_TOLD else ""
        yield f"Run again on another machine: {told}{more}."


def _busy(environment: Environment) -> Iterator[str]:
    if (environment.busy_cores_before or 0) > BUSY_CORES:
        busy = number(environment.busy_cores_before, 2)
        yield f"Just before the run, other programs kept {busy} cores busy."
    if (environment.busy_cores_of_others or 0) > BUSY_CORES:
        yield (
            f"During the run, other programs kept {number(environment.busy_cores_of_others, 2)} of "
            f"{environment.logical_cores} cores busy on average."
        )
    if (environment.stolen_cores or 0) > STOLEN_CORES:
        yield f"The host gave {number(environment.stolen_cores, 2)} cores' time to other guests."
    if (environment.throttled_seconds or 0) > THROTTLED_SECONDS:
        yield f"The container was held back for {number(environment.throttled_seconds, 2)} s by its limit."
    if environment.quota_cores is not None and environment.quota_cores < environment.threads:
        yield (
            f"The container may use {number(environment.quota_cores)} cores' time, "
            f"but every worker has {counted(environment.threads, 'thread')}."
        )
    if environment.governor in ("powersave", "conservative", "schedutil", "ondemand"):
        yield f"The clock follows the load (governor {environment.governor})."


def poor_kernels(environment: Environment, rates: Mapping[str, ProductRate]) -> Iterator[str]:
    """Of the libraries by adapter, those that multiply more slowly than this CPU can."""
    best = max((rate.operations_per_second for rate in rates.values()), default=0.0)
    able = _able(environment)
    for adapter, rate in rates.items():
        chosen = _chosen(rate.kernel)
        if able is not None and chosen is not None and chosen < able:
            yield (
                f"{adapter} multiplies matrices with a kernel for {LEVELS[chosen]} ({rate.kernel}), "
                f"on a CPU with {LEVELS[able]}."
            )
        elif rate.operations_per_second < SLOW_SHARE * best:
            yield (
                f"{adapter} multiplies matrices at {rate.operations_per_second / best:.0%} of the fastest "
                f"library's rate: its kernel ({rate.kernel}) is below what the CPU can do."
            )


def slow_paths(environment: Environment, profiles: Sequence[Profile]) -> Iterator[str]:
    """What ran that should not have, by the declaration of the adapter or for this CPU, or is not known."""
    able = _able(environment)
    for profile in profiles:
        where = f"{profile.adapter} on {profile.task}"
        yield from (f"{where}: {warning}." for warning in profile.warnings)
        if profile.kernels_error and profile.kernels_error != profile.error:
            yield f"{where}: which kernels ran is not known: {profile.kernels_error.rstrip('.')}."
        for library in profile.libraries:
            chosen = _chosen(library) if library.startswith("oneDNN") else None
            if able is not None and chosen is not None and chosen < able:
                yield f"{where}: {library}, on a CPU with {LEVELS[able]}."


def _able(environment: Environment) -> int | None:
    """Which of the levels the CPU has."""
    return max((_OF_FLAG.get(flag, 0) for flag in environment.flags), default=None)


def _chosen(kernel: str) -> int | None:
    """Which of the levels a kernel is for; None where its name does not say."""
    return next((_OF_KERNEL[word] for word in _WORD.findall(kernel) if word in _OF_KERNEL), None)


def _drifts(tasks: Sequence[TaskSummary]) -> Iterator[str]:
    drifted = []
    for task in tasks:
        for summary in task.adapters:
            worst = max((drift(run) for run in summary.finished), key=abs, default=0.0)
            if abs(worst) > DRIFT:
                drifted.append(f"{summary.adapter} on {task.record.name} ({signed(100 * worst)} %)")
    if drifted:
        yield f"Rounds took longer or shorter as the run went on: {', '.join(drifted)}."


def _unequal_processes(tasks: Sequence[TaskSummary]) -> Iterator[str]:
    unequal = []
    for task in tasks:
        for summary in task.ranked:
            medians = process_medians(summary.runs)
            if (apart := max(medians) / min(medians)) > UNEQUAL:
                unequal.append(f"{summary.adapter} on {task.record.name} ({factor(apart)} times as long)")
    if unequal:
        yield (
            f"Processes of one adapter took unequal times: {', '.join(unequal)}; "
            "was the machine busy? Run again, or with more rounds."
        )


def _costly_threads(found: Sequence[ThreadRounds]) -> Iterator[str]:
    """Where an adapter that a run has with all threads is better off with one."""
    costly = [
        f"{each.adapter} on {each.task} ({factor(1 / speedup.median)} times)"
        for each in found
        if (speedup := thread_speedup(each)) and 1 / speedup.median > WORTH_ONE_THREAD
    ]
    if costly:
        yield f"With one thread these are faster than with all: {', '.join(costly)}."


def _slow_evaluations(tasks: Sequence[TaskSummary]) -> Iterator[str]:
    slow = []
    for task in tasks:
        for summary in task.adapters:
            epochs = [epoch for run in summary.measured for epoch in run.epochs]
            evaluating = sum(epoch.evaluate_seconds for epoch in epochs)
            training = sum(epoch.train_seconds for epoch in epochs)
            if evaluating > max(LONG_EVALUATION_SECONDS, training):
                spent = f"{number(evaluating, 2)} s beside {number(training, 2)} s of training"
                slow.append(f"{summary.adapter} on {task.record.name} ({spent})")
    if slow:
        yield (
            "Evaluations took ten seconds or more, and longer than the training that they are kept apart "
            f"from: {', '.join(slow)}."
        )


def _failed_aa_tests(tasks: Sequence[TaskSummary]) -> Iterator[str]:
    failed = [
        f"{test.adapter} on {task.record.name}" for task in tasks for test in task.aa_tests if not test.passed
    ]
    if failed:
        yield f"The self-test found a difference where there is none: {', '.join(failed)}."
