"""Where each adapter stands on each task: what the tables, figures and words of a report have in common."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from compare.analysis.lockstep import Agreement, Verdict, agreements
from compare.analysis.statistics import Ratio, Sample, Spread, median, paired_ratio, sample, spread
from compare.records import Proof, ProofVerdict, Results, Run, Status, TaskRecord
from tasks.interface import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One adapter on one task, over all seeds.

    Units: `throughput` in sequences per second, pooled over rounds and seeds; `times_fastest` in the
    fastest adapter's time for the same work, pair by pair.
    """

    adapter: str
    runs: tuple[Run, ...]
    agreement: Agreement
    proof: Proof | None = None
    throughput: Spread | None
    times_fastest: Ratio | None = None

    @property
    def finished(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.status == "ok")

    @property
    def status(self) -> Status:
        """The first that is not ok, if there is one."""
        return next((run.status for run in self.runs if run.status != "ok"), "ok")

    @property
    def comparable(self) -> bool:
        """Whether its speed says something about the work that the others did."""
        agreed = self.agreement.verdict in ("reference", "within") and not self.different
        return agreed and self.throughput is not None and all(run.status != "diverged" for run in self.runs)

    @property
    def different(self) -> bool:
        """Whether it was found to compute something else than the reference."""
        return self.proof is not None and self.proof.verdict == "DIFFERENT"

    @property
    def slowdown(self) -> float:
        return math.inf if self.times_fastest is None else self.times_fastest.median

    @property
    def reason(self) -> str:
        """Why runs are not ok or their speed is not comparable; empty when all is well."""
        seeds_of: dict[str, list[int]] = {}
        for run in self.runs:
            if run.status != "ok":
                seeds_of.setdefault(_gist(run.error), []).append(run.seed)
        parts = [
            error if len(seeds) == len(self.runs) else f"seed {', '.join(map(str, seeds))}: {error}"
            for error, seeds in seeds_of.items()
        ]
        if self.agreement.verdict == "left":
            parts.append(
                f"losses left those of {self.agreement.reference} at update {self.agreement.left_at}"
            )
        if self.different:
            parts.append("DIFFERENT from the reference")
        if self.throughput is not None and not self.comparable:
            parts.append("speed not comparable")
        return "; ".join(parts)

    @property
    def peak_rss_bytes(self) -> int | None:
        return max((run.peak_rss_bytes for run in self.runs if run.peak_rss_bytes is not None), default=None)

    @property
    def import_rss_bytes(self) -> int | None:
        return max(
            (run.import_rss_bytes for run in self.runs if run.import_rss_bytes is not None), default=None
        )

    @property
    def startup_seconds(self) -> float | None:
        return median([sum(run.cold_seconds.values()) for run in self.finished if run.cold_seconds])

    def cold_seconds(self, phase: str) -> float | None:
        return median([run.cold_seconds[phase] for run in self.finished if phase in run.cold_seconds])

    def metric(self, name: str) -> Sample | None:
        return sample([run.metrics[name] for run in self.finished if name in run.metrics])

    def seconds_to(self, metric: Metric) -> list[float]:
        """Warm training seconds to the end of the epoch that reached the target, of each seed that did."""
        times = (_seconds_to(run, metric) for run in self.finished)
        return [time for time in times if time is not None]


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

    @property
    def stand_in(self) -> bool:
        """Whether other digits than MNIST's were used in its place."""
        return "mnist" in self.record.name and not self.record.dataset.lower().startswith("mnist")

    @property
    def scatter(self) -> Scatter | None:
        """Of the first metric; None where no adapter finished."""
        metric = self.record.metrics[0]
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
            seeds_sd=max(result.sd for result in results),
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
        intervals = [(standing, standing.times_fastest) for standing in self.ranked[1:]]
        return tuple(standing for standing, times in intervals if times and times.low <= 1 <= times.high)

    @property
    def ranked(self) -> tuple[Standing, ...]:
        """Those whose speed is comparable, the fastest first."""
        compared = [standing for standing in self.adapters if standing.times_fastest is not None]
        return tuple(sorted(compared, key=lambda standing: standing.slowdown))


def standings(results: Results) -> tuple[TaskStandings, ...]:
    """Every task of the results, in the order of its records, its adapters in the order of their runs."""
    return tuple(
        TaskStandings(
            record=record,
            adapters=_standings(
                [run for run in results.runs if run.task == record.name],
                {proof.adapter: proof for proof in results.proofs if proof.task == record.name},
            ),
        )
        for record in results.tasks
    )


def _standings(runs: Sequence[Run], proofs: Mapping[str, Proof]) -> tuple[Standing, ...]:
    """The fastest has the highest throughput, unless another is faster than it pair by pair."""
    plain = [
        Standing(
            adapter=agreement.adapter,
            runs=own,
            agreement=agreement,
            proof=proofs.get(agreement.adapter),
            throughput=_throughput(_latest(own)),
        )
        for agreement in agreements(runs)
        if (own := tuple(run for run in runs if run.adapter == agreement.adapter))
    ]
    speeds = {s.adapter: s.throughput.median for s in plain if s.comparable and s.throughput}
    fastest = max(speeds, key=speeds.__getitem__, default=None)
    compared = _against(fastest, plain)
    quicker = min(compared, key=lambda standing: standing.slowdown, default=None)
    return compared if quicker is None or quicker.slowdown >= 1 else _against(quicker.adapter, plain)


def _against(fastest: str | None, plain: Sequence[Standing]) -> tuple[Standing, ...]:
    base = next((_round_times(standing) for standing in plain if standing.adapter == fastest), {})
    return tuple(
        replace(standing, times_fastest=_ratio(_round_times(standing), base))
        if standing.comparable
        else standing
        for standing in plain
    )


def _latest(runs: Sequence[Run]) -> list[Run]:
    """Those since the last change of the environment: speeds from before it are not pooled with them."""
    part = max((run.part for run in runs), default=0)
    return [run for run in runs if run.part == part]


def _throughput(runs: Sequence[Run]) -> Spread | None:
    turns = [turn.sequences / turn.seconds for run in runs for turn in run.rounds if turn.seconds > 0]
    medians = [run.sequences_per_second for run in runs if run.sequences_per_second is not None]
    return spread(turns or medians)


def _round_times(standing: Standing) -> dict[tuple[int, int], float]:
    return {
        (run.seed, turn.index): turn.seconds / turn.sequences
        for run in _latest(standing.runs)
        for turn in run.rounds
        if turn.seconds > 0 and turn.sequences > 0
    }


def _ratio(ours: dict[tuple[int, int], float], theirs: dict[tuple[int, int], float]) -> Ratio | None:
    return paired_ratio([ours[pair] / theirs[pair] for pair in sorted(ours.keys() & theirs.keys())])


def _seconds_to(run: Run, metric: Metric) -> float | None:
    elapsed = 0.0
    for epoch in run.epochs:
        elapsed += epoch.train_seconds
        if metric.name in epoch.metrics and metric.reached(epoch.metrics[metric.name]):
            return elapsed
    return None


def _gist(error: str | None) -> str:
    """The line that names the error: a traceback's last, any other text's first."""
    lines = (error or "").strip().splitlines() or ["no reason recorded"]
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]
