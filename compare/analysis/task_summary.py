"""Where the adapters stand on each task: what the tables, figures and words of a report have in common."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from compare.analysis.adapter_summary import Standing
from compare.analysis.loss_agreement import Verdict, agreements
from compare.analysis.speeds import Twins, against_the_baseline, against_the_fastest, throughput, times
from compare.analysis.statistics import Difference, paired_difference
from compare.records.parity import Proof, ProofVerdict
from compare.records.results import Results, TaskRecord
from compare.records.run import Run
from tasks.interface import Metric

CLEARLY = 1.1
"""How many times as fast the epochs of learning must be, which are not paired, for a word about it."""

UNSTEADY = 0.5
"""The smallest difference told apart, as a share, beyond which a ranking says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """How far apart the adapters' results are, and how far the luck of the seed moves them.

    Units: the metric's. `difference` is the largest between two adapters that started from one seed,
    `seeds_sd` the largest standard deviation of any adapter over the seeds, NaN with one seed.
    """

    metric: Metric
    lowest: float
    highest: float
    difference: float
    seeds_sd: float
    adapters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStandings:
    """All adapters of one task."""

    record: TaskRecord
    adapters: tuple[Standing, ...]
    baseline: str | None = None
    twins: tuple[Twins, ...] = ()

    @property
    def scatter(self) -> Scatter | None:
        """Of the first metric; None where no adapter finished."""
        return self.scatter_of(self.record.metrics[0])

    def scatter_of(self, metric: Metric) -> Scatter | None:
        results = [result for s in self.adapters if (result := s.metric(metric.name)) is not None]
        if not results:
            return None
        values: dict[int, list[float]] = {}
        for run in (run for standing in self.adapters for run in standing.finished):
            if metric.name in run.metrics:
                values.setdefault(run.seed, []).append(run.metrics[metric.name])
        return Scatter(
            metric=metric,
            lowest=min(result.mean for result in results),
            highest=max(result.mean for result in results),
            difference=max(max(together) - min(together) for together in values.values()),
            seeds_sd=max((r.sd for r in results if not math.isnan(r.sd)), default=math.nan),
            adapters=len(results),
        )

    def verdicts(self, verdict: Verdict) -> tuple[Standing, ...]:
        return tuple(standing for standing in self.adapters if standing.agreement.verdict == verdict)

    @property
    def has_proofs(self) -> bool:
        return any(standing.proof for standing in self.adapters)

    def proven(self, verdict: ProofVerdict) -> tuple[Standing, ...]:
        """Those with this verdict, apart from a reference that others are in lockstep with."""
        return tuple(
            standing
            for standing in self.adapters
            if standing.proof
            and standing.proof.verdict == verdict
            and (standing.proof.losses or verdict == "DIFFERENT")
        )

    @property
    def rivals(self) -> tuple[Standing, ...]:
        """Those whose interval does not exclude that they are as fast as the fastest."""
        return tuple(s for s in self.ranked[1:] if s.times_fastest and s.times_fastest.holds_one)

    @property
    def ranked(self) -> tuple[Standing, ...]:
        """Those whose speed is comparable, the fastest first."""
        compared = [standing for standing in self.adapters if standing.times_fastest is not None]
        return tuple(sorted(compared, key=lambda standing: standing.slowdown))

    @property
    def quickest_learner(self) -> Standing | None:
        """Who is clearly fastest with an epoch a call, where that is another than in the timed turns."""
        learners = [(s.epoch_throughput, s) for s in self.ranked if s.epoch_throughput]
        best, quickest = max(learners, key=lambda pair: pair[0], default=(0.0, None))
        beaten = next((rate for rate, s in learners if s is self.ranked[0]), math.inf)
        return quickest if best > CLEARLY * beaten else None

    @property
    def by_job(self) -> tuple[Standing, ...]:
        """Those that finished and whose speed is comparable, in the order in which the whole job is done."""
        done = [(s.job_seconds, s) for s in self.ranked if s.job_seconds is not None]
        return tuple(standing for _, standing in sorted(done, key=lambda pair: pair[0]))

    @property
    def unsteady(self) -> bool:
        """Whether the rounds scattered too much for a ranking."""
        return self.resolution > UNSTEADY

    @property
    def resolution(self) -> float:
        """The smallest difference that the rounds told apart, as a share, in the least sure comparison.

        Half the width of the widest interval of a ratio; NaN where there is none.
        """
        ratios = [s.times_fastest for s in self.ranked[1:]] + [twins.times for twins in self.twins]
        return max((ratio.half_width for ratio in ratios if ratio and ratio.has_interval), default=math.nan)

    @property
    def compared_with(self) -> str | None:
        """Whose results the others' are held against: the baseline's, or the lockstep reference's."""
        return self.baseline or next((s.agreement.reference for s in self.adapters), None)

    def difference(self, standing: Standing, metric: Metric) -> Difference | None:
        """Seed by seed from the result of `compared_with`; None for that adapter itself."""
        base = next((s for s in self.adapters if s.adapter == self.compared_with), None)
        if base is None or base is standing:
            return None
        return paired_difference(standing.results(metric.name), base.results(metric.name))


def standings(results: Results) -> tuple[TaskStandings, ...]:
    """Every task of the results, in the order of its records, its adapters in the order of their runs.

    Adapters that ran a second time under another name stand among the twins alone.
    """
    return tuple(
        TaskStandings(
            record=record,
            adapters=_standings(
                [run for run in results.runs if run.task == record.name and run.adapter not in results.twins],
                {proof.adapter: proof for proof in results.proofs if proof.task == record.name},
                results.baseline,
            ),
            baseline=results.baseline,
            twins=_twins([run for run in results.runs if run.task == record.name], results.twins),
        )
        for record in results.tasks
    )


def _standings(
    runs: Sequence[Run], proofs: Mapping[str, Proof], baseline: str | None
) -> tuple[Standing, ...]:
    plain = [
        Standing(
            adapter=agreement.adapter,
            runs=own,
            agreement=agreement,
            proof=proofs.get(agreement.adapter),
            throughput=throughput(own),
        )
        for agreement in agreements(runs)
        if (own := tuple(run for run in runs if run.adapter == agreement.adapter))
    ]
    return against_the_baseline(baseline, against_the_fastest(plain))


def _twins(runs: Sequence[Run], names: Mapping[str, str]) -> tuple[Twins, ...]:
    by_name = {name: [run for run in runs if run.adapter == name] for name in (*names, *names.values())}
    return tuple(
        Twins(
            adapter=adapter,
            twin=twin,
            throughputs=(throughput(by_name[adapter]), throughput(by_name[twin])),
            times=times(by_name[twin], by_name[adapter]),
        )
        for twin, adapter in names.items()
        if by_name[twin]
    )
