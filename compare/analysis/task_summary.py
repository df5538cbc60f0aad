"""What all adapters of a task come to: what tables, figures and sentences of a report are made from."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.dtypes import REDUCED
from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.loss_agreement import AgreementResult, agreements
from compare.analysis.scatter import Scatter, scatter
from compare.analysis.speeds import AATest, compared_with_baseline, compared_with_fastest, throughput, times
from compare.analysis.statistics import Difference, paired_difference
from compare.records.parity import ParityResult, ParityVerdict
from compare.records.results import Results, TaskRecord
from compare.records.run import Run
from tasks.interface import Metric

CLEARLY_FASTER = 1.1
"""How many times as fast an adapter must be, by epochs, to be named: epochs are not paired, as rounds are."""

TOO_NOISY = 0.5
"""The minimum detectable difference, as a share, above which adapters are not ranked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSummary:
    """All adapters of one task."""

    record: TaskRecord
    adapters: tuple[AdapterSummary, ...]
    baseline: str | None = None
    aa_tests: tuple[AATest, ...] = ()

    @property
    def scatter(self) -> Scatter | None:
        """Of the first metric; None where no adapter finished."""
        return self.scatter_of(self.record.metrics[0])

    @property
    def best(self) -> AdapterSummary | None:
        """The adapter with the best mean of the first metric; None where no adapter finished."""
        metric = self.record.metrics[0]
        sign = 1 if metric.better == "lower" else -1
        means = [(sign * result.mean, s) for s in self.adapters if (result := s.metric(metric.name))]
        return min(means, key=lambda pair: pair[0], default=(0.0, None))[1]

    @property
    def interrupted(self) -> bool:
        """Whether an interrupt ended a run of it, so that what is missing is no fault of any adapter."""
        return any(run.status == "interrupted" for summary in self.adapters for run in summary.runs)

    def scatter_of(self, metric: Metric) -> Scatter | None:
        return scatter(self.adapters, metric)

    def with_agreement(self, result: AgreementResult) -> tuple[AdapterSummary, ...]:
        """The adapters whose losses agree with the reference's in this way."""
        return tuple(summary for summary in self.adapters if summary.agreement.result == result)

    @property
    def has_proofs(self) -> bool:
        return any(summary.proof for summary in self.adapters)

    def with_verdict(self, verdict: ParityVerdict) -> tuple[AdapterSummary, ...]:
        """The adapters with this verdict on lockstep; the reference only if it is DIFFERENT."""
        return tuple(
            summary
            for summary in self.adapters
            if summary.proof
            and summary.proof.verdict == verdict
            and (summary.proof.losses or verdict == "DIFFERENT")
        )

    @property
    def tied_with_fastest(self) -> tuple[AdapterSummary, ...]:
        """The adapters for which the interval of the ratio to the fastest includes 1."""
        return tuple(s for s in self.ranked[1:] if s.times_fastest and s.times_fastest.includes_one)

    @property
    def ranked(self) -> tuple[AdapterSummary, ...]:
        """The adapters whose speed is comparable, the fastest first."""
        compared = [summary for summary in self.adapters if summary.times_fastest is not None]
        return tuple(sorted(compared, key=lambda summary: summary.slowdown))

    @property
    def fastest_by_epoch(self) -> AdapterSummary | None:
        """The adapter that is clearly fastest with an epoch a call; None if that is the fastest anyway."""
        rates = [(s.epoch_throughput, s) for s in self.ranked if s.epoch_throughput]
        best, fastest = max(rates, key=lambda pair: pair[0], default=(0.0, None))
        of_first = next((rate for rate, s in rates if s is self.ranked[0]), math.inf)
        return fastest if best > CLEARLY_FASTER * of_first else None

    @property
    def by_whole_job(self) -> tuple[AdapterSummary, ...]:
        """The adapters that finished and have a comparable speed, in the order in which they are done."""
        done = [(s.job_seconds, s) for s in self.ranked if s.job_seconds is not None]
        return tuple(summary for _, summary in sorted(done, key=lambda pair: pair[0]))

    @property
    def too_noisy_to_rank(self) -> bool:
        """Whether the rounds vary too much for a ranking."""
        return self.minimum_detectable_difference > TOO_NOISY

    @property
    def minimum_detectable_difference(self) -> float:
        """As a share, that of the least certain comparison; NaN where no ratio has an interval."""
        ratios = [s.times_fastest for s in self.ranked[1:]] + [test.times for test in self.aa_tests]
        return max(
            (ratio.minimum_detectable_difference for ratio in ratios if ratio and ratio.has_interval),
            default=math.nan,
        )

    @property
    def compared_with(self) -> str | None:
        """The adapter that results are compared with: the baseline, or else the lockstep reference."""
        return self.baseline or next((s.agreement.reference for s in self.adapters), None)

    def difference(self, summary: AdapterSummary, metric: Metric) -> Difference | None:
        """The difference from the result of `compared_with`, seed by seed; None for that adapter itself."""
        base = next((s for s in self.adapters if s.adapter == self.compared_with), None)
        if base is None or base is summary:
            return None
        return paired_difference(summary.results(metric.name), base.results(metric.name))


def task_summaries(results: Results) -> tuple[TaskSummary, ...]:
    """Every task of the results, in the order of its records, its adapters in the order of their runs.

    Second runs of an adapter under another name appear in the A/A tests only.
    """
    return tuple(
        TaskSummary(
            record=record,
            adapters=_adapter_summaries(
                record,
                [run for run in results.runs if run.task == record.name and run.adapter not in results.twins],
                {proof.adapter: proof for proof in results.proofs if proof.task == record.name},
                results.baseline,
            ),
            baseline=results.baseline,
            aa_tests=_aa_tests([run for run in results.runs if run.task == record.name], results.twins),
        )
        for record in results.tasks
    )


def _adapter_summaries(
    record: TaskRecord, runs: Sequence[Run], proofs: Mapping[str, ParityResult], baseline: str | None
) -> tuple[AdapterSummary, ...]:
    plain = [
        AdapterSummary(
            adapter=agreement.adapter,
            runs=own,
            agreement=agreement,
            proof=proofs.get(agreement.adapter),
            throughput=throughput(own),
        )
        for agreement in agreements(runs, bands_of(record, proofs.values()))
        if (own := tuple(run for run in runs if run.adapter == agreement.adapter))
    ]
    return compared_with_baseline(baseline, compared_with_fastest(plain))


def bands_of(record: TaskRecord, proofs: Iterable[ParityResult]) -> list[float] | None:
    """How far rounding lets two adapters be apart in fewer digits, each so far from float64; else None.

    Empty where nothing was proven.
    """
    if record.train.get("dtype") not in REDUCED:
        return None
    return next(([2 * band for band in proof.band_reduced] for proof in proofs if proof.band_reduced), [])


def _aa_tests(runs: Sequence[Run], names: Mapping[str, str]) -> tuple[AATest, ...]:
    by_name = {name: [run for run in runs if run.adapter == name] for name in (*names, *names.values())}
    return tuple(
        AATest(
            adapter=adapter,
            second_name=second_name,
            throughputs=(throughput(by_name[adapter]), throughput(by_name[second_name])),
            times=times(by_name[second_name], by_name[adapter]),
        )
        for second_name, adapter in names.items()
        if by_name[second_name]
    )
