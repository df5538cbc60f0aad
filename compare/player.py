"""One adapter's part in a block: its worker, and what has been seen of it so far."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial, wraps
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np

from adapters.interface import Array
from compare.inference import take_turn
from compare.judging import judge
from compare.measurements import Inference, ProductRate
from compare.process import WorkerFailed, WorkerProcess, expect_array, expect_parameters
from compare.records import Epoch, Round, Run, Status, WorkerFacts
from compare.warmup import mark_warm_ups
from compare.worker import Reply
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
    """Does what the conductor says until something goes wrong, which ends its part and is recorded."""

    def __init__(
        self, adapter: str, task: Task, dataset: Dataset, seed: int, *, implementation: str, device: str
    ) -> None:
        self.adapter, self._implementation = adapter, implementation
        self._task, self._dataset, self._seed, self._device = task, dataset, seed, device
        self._updates = len(task.train.spans(task.model, dataset.inputs.shape[1]))
        self._worker: WorkerProcess | None = None
        self._log: Path | None = None
        self._last_lines: list[str] = []
        self._trained = 0
        self._status: Status = "ok"
        self._error: str | None = None
        self._cold_seconds: dict[str, float] = {}
        self._epochs: list[Epoch] = []
        self._rounds: list[Round] = []
        self._turn: Array = np.empty((0, task.batch_size), np.int64)
        self._import_rss_bytes: int | None = None
        self._peak_rss_bytes: int | None = None
        self._warm_train_seconds: float | None = None
        self._process = 0
        self._inference: Inference | None = None
        self._product_rate: ProductRate | None = None
        self._facts: WorkerFacts | None = None
        self._evaluation: Evaluation | None = None

    def drop_out(self, failure: WorkerFailed) -> None:
        """Take no further part; the record says why."""
        self._status, self._error = failure.status, str(failure)
        self.leave()
        if self._worker:
            self._last_lines = self._worker.last_lines()

    @property
    def alive(self) -> bool:
        return self._status == "ok"

    @_while_alive
    def set_up(
        self,
        data_key: str,
        threads: int,
        timeout_seconds: float,
        log: Path,
        memory_limit_bytes: int | None = None,
    ) -> None:
        """Start the worker, import the framework, construct the adapter and load the data."""
        self._begin = partial(
            WorkerProcess,
            self._implementation,
            threads,
            timeout_seconds,
            memory_limit_bytes=memory_limit_bytes,
        )
        self._data_key, self._log = data_key, log
        self._worker = self._begin(log)
        self._cold_seconds["import"] = self._worker.call("import_framework").seconds
        self._import_rss_bytes = self._worker.peak_rss_bytes
        self._facts = self._worker.call("facts").value
        task, start = self._task, self._task.initial_parameters(self._seed)
        construction = self._worker.call("construct", task.model, task.train, start, self._device)
        self._cold_seconds["construct"] = construction.seconds
        self._worker.call("read", task.name, data_key)
        self._cold_seconds["load"] = self._worker.call("load").seconds

    @_while_alive
    def learn(self, batches: Array) -> None:
        """Train on one epoch, then judge the model.

        The very first batch is trained in a call of its own, whose cost (tracing, compilation,
        first touch of memory) is a cold one; so is that of the first prediction, which follows it.
        """
        if self._epochs and self._epochs[-1].train_seconds >= TURN_SECONDS:
            time.sleep(SETTLE_SECONDS)
        parts: list[Array] = []
        if not self._epochs:
            first, self._cold_seconds["first_train"] = self._train(batches[:1])
            parts, batches = [first], batches[1:]
            prediction = self._call("predict", self._dataset.held_out_inputs[:1])
            self._cold_seconds["first_predict"] = prediction.seconds
        rest, seconds = self._train(batches) if len(batches) else (np.empty(0), 0.0)
        losses = np.concatenate([*parts, rest])
        finite = np.logical_and.accumulate(np.isfinite(losses))
        kept = [float(f"{loss:.9g}") for loss in losses[finite]]
        self._epochs.append(Epoch(train_seconds=seconds, sequences=batches.size, losses=kept, metrics={}))
        self._expect_finite(losses)
        self._expect_change()
        self._evaluation = judge(self._task, self._predict, self._dataset)
        self._epochs[-1] = replace(self._epochs[-1], metrics=self._evaluation.metrics)

    def epochs_last(self, seconds: float, wanted: int) -> bool:
        """Whether there are so many warm epochs, all of them so long."""
        warm = self._epochs[1:]
        return len(warm) >= wanted and all(epoch.train_seconds >= seconds for epoch in warm)

    def count_epochs_as_rounds(self) -> None:
        """Take the training itself, after the first epoch, as the timed rounds."""
        self._rounds = [
            Round(index=index, sequences=epoch.sequences, seconds=epoch.train_seconds)
            for index, epoch in enumerate(self._epochs[1:])
        ]

    @_while_alive
    def finish_learning(self, batches: Array) -> None:
        """Note the peak memory, then what a warm call costs that is like the very first."""
        self._peak_rss_bytes = self._worker.peak_rss_bytes if self._worker else None
        self._warm_train_seconds = median(self._train(batches[:1])[1] for _ in range(WARM_CALLS))

    @_while_alive
    def calibrate(self, batches: Iterator[Array]) -> None:
        """Find how many batches fill a turn; what this trains on is the warm-up of the rounds."""
        wanted, seconds = 1, 0.0
        while seconds < TURN_SECONDS and len(self._turn) < MOST_BATCHES_A_TURN:
            self._turn = np.vstack([self._turn, *islice(batches, wanted - len(self._turn))])
            losses, seconds = self._train(self._turn)
            self._expect_finite(losses)
            growth = 1.2 * TURN_SECONDS / max(seconds, 1e-6)
            wanted = min(MOST_BATCHES_A_TURN, math.ceil(wanted * min(10.0, max(2.0, growth))))

    @_while_alive
    def renew(self) -> None:
        """Go on in a fresh process, from the parameters as they are: what one happens to be like is luck."""
        parameters = self._call("parameters").value
        self.leave()
        self._process += 1
        assert self._log is not None
        self._log = self._log.with_name(f"{self._log.name.split('.')[0]}.{self._process}.log")
        self._worker = self._begin(self._log)
        self._call("import_framework")
        self._call("construct", self._task.model, self._task.train, parameters, self._device)
        self._call("read", self._task.name, self._data_key)
        self._call("load")
        self._train(self._turn[:1])
        self._train(self._turn)

    @_while_alive
    def pace(self, index: int) -> None:
        """One timed turn: training goes on, for the number of batches found by `calibrate`."""
        time.sleep(SETTLE_SECONDS)
        losses, seconds = self._train(self._turn)
        self._expect_finite(losses)
        turn = Round(index=index, sequences=self._turn.size, seconds=seconds, process=self._process)
        self._rounds.append(turn)

    @_while_alive
    def infer(self, inputs: Array) -> None:
        """One timed turn of predictions."""
        time.sleep(SETTLE_SECONDS)
        self._inference = take_turn(
            lambda *arguments: self._call("predict_often", *arguments).value, inputs, self._inference
        )

    @_while_alive
    def multiply(self, size: int) -> None:
        """Time its library's matrix products; comes last, for it takes memory."""
        time.sleep(SETTLE_SECONDS)
        self._product_rate = self._call("product_rate", size).value

    def record(self, warm_ups: int | None) -> Run:
        """What has been seen up to here; so many rounds are warm-up, or those found to be."""
        rounds = mark_warm_ups(self._rounds, warm_ups)
        rates = [turn.sequences / turn.seconds for turn in rounds if turn.counts]
        evaluation = self._evaluation if self.alive else None
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
            cold_seconds=self._cold_seconds,
            sequences_per_second=median(rates) if rates else None,
            peak_rss_bytes=self._peak_rss_bytes or (self._worker and self._worker.peak_rss_bytes) or None,
            import_rss_bytes=self._import_rss_bytes,
            worker=self._facts,
            forecast=picture if isinstance(picture, Forecast) else None,
            confusion=picture if isinstance(picture, Confusion) else None,
            warm_train_seconds=self._warm_train_seconds,
            inference=self._inference,
            matrix_product=self._product_rate,
            log=f"{self._log.parent.name}/{self._log.name}" if self._log else None,
            last_lines=self._last_lines,
            device=self._device,
        )

    def leave(self) -> None:
        """End the worker."""
        if self._worker:
            self._worker.end()

    def _train(self, batches: Array) -> tuple[Array, float]:
        reply = self._call("train", batches)
        expected = (len(batches) * self._updates,)
        losses = expect_array("train", reply.value, self._task.train.dtype, expected)
        self._trained += len(losses)
        return losses, reply.seconds

    def _expect_finite(self, losses: Array) -> None:
        """Find the losses of the latest updates finite."""
        finite = np.isfinite(losses)
        if not finite.all():
            place = int(np.argmin(finite))
            update = self._trained - len(losses) + place + 1
            raise WorkerFailed("diverged", f"the loss was {losses[place]} at update {update}")

    def _expect_change(self) -> None:
        """Find the parameters finite and, after the first epoch, not those from the start."""
        dtype = self._task.train.dtype
        when = f"after update {self._trained}"
        found = expect_parameters(self._call("parameters").value, self._task.model, dtype, when)
        if len(self._epochs) == 1:
            start = self._task.initial_parameters(self._seed)
            if all(np.array_equal(value, start[name].astype(dtype)) for name, value in found.items()):
                raise WorkerFailed("failed", f"no parameter has changed {when}")

    def _predict(self, inputs: Array) -> Array:
        steps = inputs.shape[1:2] if self._task.model.readout == "every" else ()
        expected = (len(inputs), *steps, self._task.model.outputs)
        reply = self._call("predict", inputs)
        outputs = expect_array("predict", reply.value, self._task.train.dtype, expected)
        if not np.isfinite(outputs).all():
            raise WorkerFailed("diverged", "the predictions are not finite")
        return outputs

    def _call(self, method: str, *arguments: object) -> Reply:
        assert self._worker is not None
        return self._worker.call(method, *arguments)
