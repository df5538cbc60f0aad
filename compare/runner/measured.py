"""What has been measured of one adapter in a block so far, as it grows."""

from dataclasses import dataclass, field, replace
from statistics import median

from compare.records.run import Epoch, Inference, ProductRate, Round, Run, Status, WorkerFacts
from compare.runner.warm_up import mark_warm_ups
from tasks.interface import Confusion, Evaluation, Forecast


@dataclass(slots=True, kw_only=True)
class Measured:
    """The parts of a `Run` that is under way; `log` is the name of the latest worker's log."""

    task: str
    adapter: str
    seed: int
    log: str
    status: Status = "ok"
    error: str | None = None
    last_lines: list[str] = field(default_factory=list)
    device: str = "cpu"
    facts: WorkerFacts | None = None
    cold_seconds: dict[str, float] = field(default_factory=dict)
    import_rss_bytes: int | None = None
    peak_rss_bytes: int | None = None
    epochs: list[Epoch] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    warm_train_seconds: float | None = None
    predictions: list[Inference] = field(default_factory=list)
    product_rate: ProductRate | None = None
    gpu_kernels: float | None = None
    evaluation: Evaluation | None = None

    @classmethod
    def of(cls, run: Run) -> "Measured":
        """What earlier processes have left of a run that is gone on with."""
        return cls(
            task=run.task,
            adapter=run.adapter,
            seed=run.seed,
            log=(run.log or "").removeprefix("logs/"),
            status=run.status,
            error=run.error,
            last_lines=run.last_lines,
            device=run.device,
            facts=run.worker,
            cold_seconds=dict(run.cold_seconds),
            import_rss_bytes=run.import_rss_bytes,
            peak_rss_bytes=run.peak_rss_bytes,
            epochs=[*run.epochs],
            rounds=[replace(turn, warm_up=False) for turn in run.rounds],
        )

    def record(self, warm_ups: int | None) -> Run:
        """The record as it is now; so many rounds are warm-up or, if None, those found to be slower."""
        rounds = mark_warm_ups(self.rounds, warm_ups)
        rates = [turn.sequences / turn.seconds for turn in rounds if turn.counts]
        evaluation = self.evaluation if self.status == "ok" else None
        picture = evaluation.picture if evaluation else None
        return Run(
            task=self.task,
            adapter=self.adapter,
            seed=self.seed,
            status=self.status,
            error=self.error,
            metrics=evaluation.metrics if evaluation else {},
            epochs=[*self.epochs],
            rounds=rounds,
            cold_seconds=dict(self.cold_seconds),
            sequences_per_second=median(rates) if rates else None,
            peak_rss_bytes=self.peak_rss_bytes,
            import_rss_bytes=self.import_rss_bytes,
            worker=self.facts,
            forecast=picture if isinstance(picture, Forecast) else None,
            confusion=picture if isinstance(picture, Confusion) else None,
            warm_train_seconds=self.warm_train_seconds,
            inference=_joined(self.predictions),
            matrix_product=self.product_rate,
            log=f"logs/{self.log}",
            last_lines=self.last_lines,
            device=self.device,
            gpu_kernels=self.gpu_kernels,
        )


def _joined(turns: list[Inference]) -> Inference | None:
    if not turns:
        return None
    return Inference(
        batch=turns[0].batch,
        single_seconds=[seconds for turn in turns for seconds in turn.single_seconds],
        batch_seconds=[seconds for turn in turns for seconds in turn.batch_seconds],
    )
