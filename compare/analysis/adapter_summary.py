"""What all runs of one adapter on one task come to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from compare.analysis.loss_agreement import Agreement
from compare.analysis.statistics import Ratio, Sample, Spread, median, sample
from compare.records.parity import ParityResult
from compare.records.run import Departure, Epoch, Round, Run, Status
from tasks.interface import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSummary:
    """One adapter on one task, over all seeds.

    Units: `throughput` in sequences per second, pooled over rounds and seeds; `times_fastest` in the
    fastest adapter's time for the same work, pair by pair, `times_baseline` in the baseline's.
    """

    adapter: str
    runs: tuple[Run, ...]
    agreement: Agreement
    proof: ParityResult | None = None
    throughput: Spread | None
    times_fastest: Ratio | None = None
    times_baseline: Ratio | None = None

    @property
    def finished(self) -> tuple[Run, ...]:
        return tuple(run for run in self.runs if run.status == "ok")

    @property
    def measured(self) -> tuple[Run, ...]:
        """Those that finished or were interrupted: what an interrupt leaves was measured as all else is."""
        return tuple(run for run in self.runs if run.status in ("ok", "interrupted"))

    @property
    def status(self) -> Status:
        """That of the first run that is not ok, else ok."""
        return next((run.status for run in self.runs if run.status != "ok"), "ok")

    @property
    def comparable(self) -> bool:
        """Whether its speed can be compared: it was measured on the same work as the others did."""
        agreed = self.agreement.result in ("reference", "within") and not self.different
        if any(not departure.comparable for departure in self.departures):
            return False
        return agreed and self.throughput is not None and all(run.status != "diverged" for run in self.runs)

    @property
    def departures(self) -> tuple[Departure, ...]:
        """What in its workers was not as it was asked for, each once."""
        workers = [run.worker for run in self.runs if run.worker]
        return tuple(dict.fromkeys(each for worker in workers for each in worker.departures))

    @property
    def different(self) -> bool:
        """Whether it computes something else than the reference."""
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
                seeds_of.setdefault(_summary_line(run.error), []).append(run.seed)
        parts = [
            error if len(seeds) == len(self.runs) else f"seed {', '.join(map(str, seeds))}: {error}"
            for error, seeds in seeds_of.items()
        ]
        if self.agreement.result == "left":
            parts.append(
                f"losses left those of {self.agreement.reference} at update {self.agreement.left_at}"
            )
        if self.different:
            parts.append("DIFFERENT from the reference")
        parts += [departure.found for departure in self.departures if not departure.comparable]
        if self.throughput is not None and not self.comparable:
            parts.append("speed not comparable")
        return "; ".join(parts)

    @property
    def epoch_throughput(self) -> float | None:
        """Sequences per second where each call of `train` is an epoch: the median over warm epochs."""
        epochs = [epoch for run in latest(self.measured) for epoch in run.epochs[1:] if epoch.train_seconds]
        return median([epoch.sequences / epoch.train_seconds for epoch in epochs])

    @property
    def sequences_a_call(self) -> float | None:
        """How many sequences a timed call of `train` gets, the median."""
        return median([turn.sequences for turn in self.rounds])

    @property
    def gpu_kernels(self) -> float | None:
        """How many kernels a GPU ran for an update, the median over seeds."""
        return median([run.gpu_kernels for run in latest(self.measured) if run.gpu_kernels is not None])

    @property
    def peak_rss_bytes(self) -> int | None:
        return max((run.peak_rss_bytes for run in self.runs if run.peak_rss_bytes), default=None)

    @property
    def import_rss_bytes(self) -> int | None:
        return max((run.import_rss_bytes for run in self.runs if run.import_rss_bytes), default=None)

    @property
    def own_rss_bytes(self) -> int | None:
        """Memory that training took beyond what the framework takes once it is imported."""
        pairs = [(run.peak_rss_bytes, run.import_rss_bytes) for run in self.runs]
        return max(
            (peak - after_import for peak, after_import in pairs if peak and after_import), default=None
        )

    @property
    def startup_seconds(self) -> float | None:
        return median([sum(run.cold_seconds.values()) for run in latest(self.measured) if run.cold_seconds])

    @property
    def job_seconds(self) -> float | None:
        """Start-up and all training of the task: the median over the seeds that finished."""
        runs = [run for run in latest(self.finished) if run.cold_seconds and run.epochs]
        return median(
            [sum(run.cold_seconds.values()) + sum(each.train_seconds for each in run.epochs) for run in runs]
        )

    @property
    def evaluate_seconds(self) -> float | None:
        """What an evaluation takes: the median over epochs."""
        epochs = [epoch for run in latest(self.measured) for epoch in run.epochs if epoch.evaluate_seconds]
        return median([epoch.evaluate_seconds for epoch in epochs])

    def cold_seconds(self, phase: str) -> float | None:
        return median([run.cold_seconds[phase] for run in latest(self.measured) if phase in run.cold_seconds])

    @property
    def first_train_excess_seconds(self) -> float | None:
        """What the first call of `train` costs beyond a warm one: tracing, compilation, first memory use."""
        return median(
            [
                run.cold_seconds["first_train"] - run.warm_train_seconds
                for run in latest(self.measured)
                if run.warm_train_seconds is not None and "first_train" in run.cold_seconds
            ]
        )

    @property
    def rounds(self) -> tuple[Round, ...]:
        """All that count, of every seed, since the last change of the environment."""
        return tuple(turn for run in latest(self.runs) for turn in run.rounds if turn.counts)

    @property
    def warm_ups(self) -> int:
        return sum(turn.warm_up for run in self.runs for turn in run.rounds)

    def results(self, name: str) -> dict[int, float]:
        """The final value of a metric, by seed; one that is not a finite number is none."""
        values = {run.seed: run.metrics.get(name, math.nan) for run in self.finished}
        return {seed: value for seed, value in values.items() if math.isfinite(value)}

    def metric(self, name: str) -> Sample | None:
        return sample(list(self.results(name).values()))

    def reached(self, metric: Metric) -> int:
        """How many seeds reached the metric's target."""
        return sum(_seconds_to(run, metric) is not None for run in self.finished)

    def updates_to(self, metric: Metric) -> dict[int, int]:
        """Updates to the end of the epoch that reached the target, by seed, of those that did."""
        found = ((run.seed, _updates_to(run, metric)) for run in self.finished)
        return {seed: updates for seed, updates in found if updates is not None}

    def seconds_to(self, metric: Metric) -> list[float]:
        """Warm training seconds to the end of the epoch that reached the target, of each seed that did.

        Those from before the last change of the environment are left out.
        """
        times = (_seconds_to(run, metric) for run in latest(self.finished))
        return [time for time in times if time is not None]


def latest(runs: Sequence[Run]) -> list[Run]:
    """Those since the last change of the environment: speeds from before it are not pooled with them."""
    part = max((run.part for run in runs), default=0)
    return [run for run in runs if run.part == part]


def _seconds_to(run: Run, metric: Metric) -> float | None:
    epochs = _epochs_to(run, metric)
    return None if epochs is None else sum(epoch.train_seconds for epoch in epochs)


def _updates_to(run: Run, metric: Metric) -> int | None:
    epochs = _epochs_to(run, metric)
    return None if epochs is None else sum(len(epoch.losses) for epoch in epochs)


def _epochs_to(run: Run, metric: Metric) -> list[Epoch] | None:
    """Those up to the one that reached the target; None where none did."""
    for place, epoch in enumerate(run.epochs):
        if metric.name in epoch.metrics and metric.reached(epoch.metrics[metric.name]):
            return run.epochs[: place + 1]
    return None


def _summary_line(error: str | None) -> str:
    """The line that names the error: a traceback's last, any other text's first."""
    lines = (error or "").strip().splitlines() or ["no reason recorded"]
    return lines[-1] if lines[0].startswith("Traceback") else lines[0]
