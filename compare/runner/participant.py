"""One adapter's part in a block: its worker, and what has been seen of it so far."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from itertools import islice
from statistics import median

import numpy as np

from adapters.interface import Array
from compare.records.run import Epoch, Inference, ProductRate, Round, Run, Status
from compare.runner.checked_task import judge
from compare.runner.inference import take_turn
from compare.runner.remote_adapter import Trainee
from compare.runner.warm_up import mark_warm_ups
from compare.runner.worker_process import WorkerFailed
from tasks.interface import Confusion, Dataset, Evaluation, Forecast, Task

TURN_SECONDS = 0.25
"""How long a turn must last for its clock to be trusted."""

SETTLE_SECONDS = 0.05
"""How long a timed turn waits for the threads of the worker before it, which spin a while, to sleep."""

MOST_BATCHES_A_TURN = 1_000_000
WARM_CALLS = 5


def _while_alive(part: Callable[..., None]) -> Callable[..., None]:
    """Makes a part one that is not played once the adapter is out, and that a worker's failure ends."""

    @wraps(part)
    def guarded(player: "Player", *arguments: object) -> None:
        if player.alive:
            try:
                part(player, *arguments)
            except WorkerFailed as failure:
                player.drop_out(failure)

    return guarded


class Player:
    """Does what the conductor says until something goes wrong, which ends its part and is recorded.

    Units: `epoch_seconds` that the latest epoch took, its judgement included.
    """

    def __init__(self, adapter: str, task: Task, dataset: Dataset, seed: int, trainee: Trainee) -> None:
        self.adapter = adapter
        self._task, self._dataset, self._seed, self._trainee = task, dataset, seed, trainee
        self.epoch_seconds = math.inf
        self._status: Status = "ok"
        self._error: str | None = None
        self._last_lines: list[str] = []
        self._epochs: list[Epoch] = []
        self._rounds: list[Round] = []
        self._turn: Array = np.empty((0, task.batch_size), np.int64)
        self._peak_rss_bytes: int | None = None
        self._warm_train_seconds: float | None = None
        self._inference: Inference | None = None
        self._product_rate: ProductRate | None = None
        self._evaluation: Evaluation | None = None

    def drop_out(self, failure: WorkerFailed) -> None:
        """Take no further part; the record says why."""
        self._status, self._error = failure.status, str(failure)
        self._trainee.leave()
        self._last_lines = self._trainee.last_lines()

    @_while_alive
    def fail(self, failure: WorkerFailed) -> None:
        """Take no further part for a reason that lies elsewhere."""
        raise failure

    @property
    def alive(self) -> bool:
        return self._status == "ok"

    @_while_alive
    def set_up(self) -> None:
        """Start the worker, import the framework, construct the adapter and load the data."""
        self._trainee.start()

    def take_over(self, run: Run) -> None:
        """Begin with what earlier processes have left."""
        self._status, self._error, self._last_lines = run.status, run.error, run.last_lines
        self._epochs = [*run.epochs]
        self._rounds = [replace(turn, warm_up=False) for turn in run.rounds]
        self._peak_rss_bytes = run.peak_rss_bytes
        self._trainee.cold_seconds, self._trainee.facts = dict(run.cold_seconds), run.worker
        self._trainee.import_rss_bytes = run.import_rss_bytes
        processes = {epoch.process for epoch in run.epochs} | {turn.process for turn in run.rounds}
        self._trainee.process = max(processes, default=0)

    @_while_alive
    def go_on(self, state: Mapping[str, Array], batch: Array) -> None:
        """Go on in a fresh process, from the state after the latest epoch; the batch is to warm it up."""
        self._trainee.process += 1
        self._trainee.start()
        self._trainee.train(batch)
        self._trainee.restore(state, updates=sum(len(epoch.losses) for epoch in self._epochs))
        self._evaluation = judge(self._task, self._trainee.predict, self._dataset)

    def state(self) -> dict[str, Array] | None:
        """All that training goes on from; None where the adapter cannot tell, or fails to."""
        try:
            return self._trainee.state()
        except WorkerFailed as failure:
            self.drop_out(failure)
            return None

    @_while_alive
    def learn(self, batches: Array) -> None:
        """Train on one epoch, then judge the model.

        The very first batch is trained in a call of its own, whose cost (tracing, compilation,
        first touch of memory) is a cold one; so is that of the first prediction, which follows it.
        """
        begin = time.perf_counter()
        parts: list[Array] = []
        if not self._epochs:
            first, self._trainee.cold_seconds["first_train"] = self._trainee.train(batches[:1])
            parts, batches = [first], batches[1:]
            prediction = self._trainee.call("predict", self._dataset.held_out_inputs[:1])
            self._trainee.cold_seconds["first_predict"] = prediction.seconds
        rest, seconds = self._trainee.train(batches) if len(batches) else (np.empty(0), 0.0)
        losses = np.concatenate([*parts, rest])
        finite = np.logical_and.accumulate(np.isfinite(losses))
        kept = [float(f"{loss:.9g}") for loss in losses[finite]]
        self._epochs.append(
            Epoch(
                train_seconds=seconds,
                sequences=batches.size,
                losses=kept,
                metrics={},
                process=self._trainee.process,
            )
        )
        self._trainee.expect_finite(losses)
        parameters = self._trainee.parameters()
        if len(self._epochs) == 1:
            self._trainee.expect_change(parameters)
        self._evaluation = judge(self._task, self._trainee.predict, self._dataset)
        self._epochs[-1] = replace(self._epochs[-1], metrics=self._evaluation.metrics)
        self.epoch_seconds = time.perf_counter() - begin

    def epochs_last(self, seconds: float, wanted: int) -> bool:
        """Whether there are so many warm epochs, all of them so long."""
        warm = self._epochs[1:]
        return len(warm) >= wanted and all(epoch.train_seconds >= seconds for epoch in warm)

    def count_epochs_as_rounds(self) -> None:
        """Take the training itself, after the first epoch, as the timed rounds."""
        self._rounds = [
            Round(index=index, sequences=epoch.sequences, seconds=epoch.train_seconds, process=epoch.process)
            for index, epoch in enumerate(self._epochs[1:])
        ]

    @_while_alive
    def finish_learning(self, batches: Array) -> None:
        """Note the peak memory, then what a warm call costs that is like the very first."""
        self._peak_rss_bytes = max(self._peak_rss_bytes or 0, self._trainee.peak_rss_bytes or 0)
        self._warm_train_seconds = median(self._trainee.train(batches[:1])[1] for _ in range(WARM_CALLS))

    @_while_alive
    def calibrate(self, batches: Iterator[Array]) -> None:
        """Find how many batches fill a turn, or have as many as before; this trains on them to warm up."""
        if self._rounds:
            wanted = self._rounds[-1].sequences // self._task.batch_size
            self._turn = np.vstack([*islice(batches, max(1, min(MOST_BATCHES_A_TURN, wanted)))])
            self._warm_up()
            return
        wanted, seconds = 1, 0.0
        while seconds < TURN_SECONDS and len(self._turn) < MOST_BATCHES_A_TURN:
            self._turn = np.vstack([self._turn, *islice(batches, wanted - len(self._turn))])
            seconds = self._seconds_of_a_turn()
            growth = 1.2 * TURN_SECONDS / max(seconds, 1e-6)
            wanted = min(MOST_BATCHES_A_TURN, math.ceil(wanted * min(10.0, max(2.0, growth))))

    @_while_alive
    def renew(self) -> None:
        """Go on in a fresh process, from the parameters as they are: what one happens to be like is luck."""
        parameters = self._trainee.parameters()
        self._trainee.leave()
        self._trainee.process += 1
        self._trainee.start(parameters)
        self._warm_up()

    @_while_alive
    def pace(self, index: int) -> None:
        """One timed turn: training goes on, for the number of batches found by `calibrate`."""
        time.sleep(SETTLE_SECONDS)
        losses, seconds = self._trainee.train(self._turn)
        self._trainee.expect_finite(losses)
        turn = Round(index=index, sequences=self._turn.size, seconds=seconds, process=self._trainee.process)
        self._rounds.append(turn)

    @_while_alive
    def infer(self, inputs: Array) -> None:
        """One timed turn of predictions."""
        time.sleep(SETTLE_SECONDS)
        self._inference = take_turn(
            lambda *arguments: self._trainee.call("predict_often", *arguments).value, inputs, self._inference
        )

    @_while_alive
    def multiply(self, size: int) -> None:
        """Time its library's matrix products; comes last, for it takes memory."""
        time.sleep(SETTLE_SECONDS)
        self._product_rate = self._trainee.call("product_rate", size).value

    def record(self, warm_ups: int | None) -> Run:
        """What has been seen up to here; so many rounds are warm-up, or those found to be."""
        rounds = mark_warm_ups(self._rounds, warm_ups)
        rates = [turn.sequences / turn.seconds for turn in rounds if turn.counts]
        evaluation, log = self._evaluation if self.alive else None, self._trainee.log
        picture = evaluation.picture if evaluation else None
        return Run(
            task=self._task.name,
            adapter=self.adapter,
            seed=self._seed,
            status=self._status,
            error=self._error,
            metrics=evaluation.metrics if evaluation else {},
            epochs=self._epochs,
            rounds=rounds,
            cold_seconds=self._trainee.cold_seconds,
            sequences_per_second=median(rates) if rates else None,
            peak_rss_bytes=self._peak_rss_bytes or self._trainee.peak_rss_bytes,
            import_rss_bytes=self._trainee.import_rss_bytes,
            worker=self._trainee.facts,
            forecast=picture if isinstance(picture, Forecast) else None,
            confusion=picture if isinstance(picture, Confusion) else None,
            warm_train_seconds=self._warm_train_seconds,
            inference=self._inference,
            matrix_product=self._product_rate,
            log=f"{log.parent.name}/{log.name}",
            last_lines=self._last_lines,
            device=self._trainee.device,
        )

    def leave(self) -> None:
        """End the worker."""
        self._trainee.leave()

    def _warm_up(self) -> None:
        self._trainee.train(self._turn[:1])
        self._trainee.train(self._turn)

    def _seconds_of_a_turn(self) -> float:
        """Timed again where it is long enough: the first time may have compiled for its length."""
        losses, seconds = self._trainee.train(self._turn)
        if seconds >= TURN_SECONDS:
            losses, seconds = self._trainee.train(self._turn)
        self._trainee.expect_finite(losses)
        return seconds
