"""One adapter's part in a block: what it is told to do, and what was measured of it so far."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import wraps
from itertools import islice
from statistics import median

import numpy as np

from adapters.interface import Array
from compare.records.block import Block
from compare.records.run import Epoch, Round, Run
from compare.runner.checked_task import evaluate, initial_parameters, within
from compare.runner.inference import Sequences
from compare.runner.measured import Measured
from compare.runner.processes import Processes
from compare.runner.remote_adapter import RemoteAdapter
from compare.runner.task_loading import TaskData
from compare.runner.turns import calibrate
from compare.runner.worker_process import WorkerFailed
from tasks.interface import Evaluation


def _while_alive(step: Callable[..., None]) -> Callable[..., None]:
    """Skip a step once the adapter has failed; a worker's failure in a step stops the adapter."""

    @wraps(step)
    def guarded(participant: "Participant", *arguments: object) -> None:
        if participant.alive:
            try:
                step(participant, *arguments)
            except WorkerFailed as failure:
                participant.stop(failure)

    return guarded


class Participant:
    """Takes its turns until something goes wrong, which is recorded and ends its part.

    Units: `epoch_seconds` that the latest epoch took, its evaluation included; `cold_seconds` by phase, of
    the first process.
    """

    def __init__(self, name: str, block: Block, data: TaskData, processes: Processes) -> None:
        self.name = name
        self.epoch_seconds = float("inf")
        self._block, self._data, self._processes = block, data, processes
        self._turn: Array = np.empty((0, data.task.batch_size), np.int64)
        self._parameters: Mapping[str, Array] = {}
        self._measured = Measured(task=block.task, adapter=name, seed=block.seed, log=processes.log_name)

    @property
    def alive(self) -> bool:
        return self._measured.status == "ok"

    @property
    def logs(self) -> Mapping[str, str]:
        """What its processes wrote, by file name."""
        return self._processes.logs

    def stop(self, failure: WorkerFailed) -> None:
        """End here; the record says why."""
        measured = self._measured
        measured.status, measured.error, measured.log = failure.status, str(failure), self._processes.log_name
        if self._processes.present:
            measured.last_lines = self._running.last_lines()
            measured.peak_rss_bytes = self._peak_rss_bytes()
        self.leave()

    @_while_alive
    def fail(self, failure: WorkerFailed) -> None:
        """End here for a reason that lies elsewhere."""
        raise failure

    def leave(self) -> None:
        """Give the process back."""
        self._processes.give_back()

    @property
    def import_was_timed(self) -> bool:
        """Whether no more than starting is left to do before `set_up`, and nothing of it to be timed."""
        return self._processes.import_seconds is not None

    @_while_alive
    def start(self) -> None:
        """Have a process with the framework imported, the import not timed."""
        self._processes.start().import_framework()
        seconds = self._processes.import_seconds
        assert seconds is not None
        self._measured.cold_seconds["import"] = seconds

    @_while_alive
    def set_up(self) -> None:
        """Have a process with the framework imported, the adapter constructed and the data loaded."""
        self._set_up(initial_parameters(self._data.task, self._block.seed))

    def take_over(self, run: Run) -> None:
        """Begin with what earlier processes have left."""
        self._measured = Measured.of(run)
        processes = {epoch.process for epoch in run.epochs} | {turn.process for turn in run.rounds}
        self._processes.number = max(processes, default=0)

    @_while_alive
    def resume(self, state: Mapping[str, Array], batch: Array) -> None:
        """Go on in another process, from the state after the latest epoch; the batch is to warm it up."""
        self._processes.number += 1
        self._set_up(initial_parameters(self._data.task, self._block.seed))
        self._running.train(batch)
        self._running.restore(state, updates=sum(len(epoch.losses) for epoch in self._measured.epochs))
        self._measured.evaluation = self._evaluate()

    def state(self) -> dict[str, Array] | None:
        """All that training goes on from; None where the adapter cannot tell, or fails to."""
        try:
            return self._running.state()
        except WorkerFailed as failure:
            self.stop(failure)
            return None

    def parameters(self) -> dict[str, Array] | None:
        """The parameters as they are now; None where the adapter fails to tell them."""
        try:
            return self._running.parameters()
        except WorkerFailed as failure:
            self.stop(failure)
            return None

    @_while_alive
    def train_epoch(self, batches: Array) -> None:
        """Train for an epoch, then evaluate; the very first batch has a call of its own."""
        begin = time.perf_counter()
        remote, parts = self._running, [np.empty(0)]
        if not self._measured.epochs:
            first = remote.train(batches[:1])
            parts, batches = [first.losses], batches[1:]
            self._measured.cold_seconds["first_train"] = first.seconds
            held_out, lengths = self._data.dataset.held_out_inputs, self._data.dataset.held_out_lengths
            _, seconds = remote.timed_prediction(held_out[:1], None if lengths is None else lengths[:1])
            self._measured.cold_seconds["first_predict"] = seconds
        train_seconds = 0.0
        if len(batches):
            rest = remote.train(batches)
            parts, train_seconds = [*parts, rest.losses], rest.seconds
        losses = np.concatenate(parts)
        finite = np.logical_and.accumulate(np.isfinite(losses))
        epoch = Epoch(
            train_seconds=train_seconds,
            sequences=batches.size,
            losses=[float(f"{loss:.9g}") for loss in losses[finite]],
            metrics={},
            process=self._processes.number,
        )
        self._measured.epochs.append(epoch)
        remote.raise_if_diverged(losses)
        parameters = remote.parameters()
        if len(self._measured.epochs) == 1:
            self._raise_if_unchanged(parameters)
        begin_evaluation = time.perf_counter()
        evaluation = self._measured.evaluation = self._evaluate()
        seconds = time.perf_counter() - begin_evaluation
        self._measured.epochs[-1] = replace(epoch, metrics=evaluation.metrics, evaluate_seconds=seconds)
        self._measured.peak_rss_bytes = self._peak_rss_bytes()
        self.epoch_seconds = time.perf_counter() - begin

    @_while_alive
    def finish_training(self, batches: Array) -> None:
        """Note what a warm call costs that is like the very first."""
        remote = self._running
        calls = range(self._block.timing.warm_calls)
        self._measured.warm_train_seconds = median(remote.train(batches[:1]).seconds for _ in calls)
        self._measured.facts = remote.facts()  # now there are all threads

    @_while_alive
    def calibrate(self, batches: Iterator[Array]) -> None:
        """Find how many batches fill a turn, or have as many as before; this trains on them to warm up."""
        if self._measured.rounds:
            wanted = max(1, self._measured.rounds[-1].sequences // self._data.task.batch_size)
            self._turn = np.vstack([*islice(batches, min(self._block.timing.most_batches, wanted))])
            self._running.train(self._turn)
        else:
            timing = self._block.timing
            self._turn = calibrate(batches, self._train_seconds, timing, self._likely_batches())

    @_while_alive
    def note_parameters(self) -> None:
        """Have further processes begin with the parameters as they are now."""
        self._parameters = self._running.parameters()

    @_while_alive
    def prepare(self, ahead: int) -> None:
        """Have one of the further processes ready, counted from 0; several threads may do so at once."""
        self._processes.prepare(ahead, self._make_ready)

    @_while_alive
    def renew(self) -> None:
        """Go on in the next process that is ready: what one happens to be like is luck."""
        self._processes.go_on()
        self._measured.log = self._processes.log_name

    @_while_alive
    def warm_up(self) -> None:
        """Take a turn that is not timed."""
        self._running.train(self._turn)

    @_while_alive
    def take_turn(self, index: int) -> None:
        """One timed turn: training goes on, for the number of batches found by `calibrate`."""
        time.sleep(self._block.timing.settle_seconds)
        seconds = self._train_seconds(self._turn)
        turn = Round(index=index, sequences=self._turn.size, seconds=seconds, process=self._processes.number)
        self._measured.rounds.append(turn)

    @_while_alive
    def predict(self, sequences: Sequences) -> None:
        """One timed turn of predictions."""
        timing = self._block.timing
        time.sleep(timing.settle_seconds)
        turn = self._running.measure_predictions(sequences, timing.prediction_seconds)
        self._measured.predictions.append(turn)

    @_while_alive
    def multiply(self, size: int) -> None:
        """Time its library's matrix products on the CPU; comes last, for it takes memory."""
        if self._measured.device == "cpu":
            time.sleep(self._block.timing.settle_seconds)
            self._measured.product_rate = self._running.product_rate(size, self._block.timing.product_seconds)

    @_while_alive
    def count_gpu_kernels(self) -> None:
        """Note how many kernels a GPU runs for an update, if it runs any."""
        if self._measured.device != "cpu":
            self._measured.gpu_kernels = self._running.gpu_kernels_per_update(self._turn[:1])

    def record(self) -> Run:
        """What has been measured up to here."""
        return self._measured.record(self._block.warm_ups)

    @property
    def _running(self) -> RemoteAdapter:
        return self._processes.running

    def _peak_rss_bytes(self) -> int | None:
        peaks = (self._measured.peak_rss_bytes, self._running.peak_rss_bytes)
        return max((peak for peak in peaks if peak is not None), default=None)

    def _set_up(self, parameters: Mapping[str, Array]) -> None:
        measured, cold = self._measured, self._measured.cold_seconds
        measured.log = self._processes.log_name
        remote = self._processes.present or self._processes.start()
        measured.device = remote.device
        cold.setdefault("import", remote.import_framework())
        measured.import_rss_bytes = measured.import_rss_bytes or remote.import_rss_bytes
        measured.facts = remote.facts()
        construct_seconds, load_seconds = self._construct(remote, parameters)
        cold.setdefault("construct", construct_seconds)
        cold.setdefault("load", load_seconds)

    def _construct(self, remote: RemoteAdapter, parameters: Mapping[str, Array]) -> tuple[float, float]:
        """Construct the adapter and load the data; the seconds of each."""
        data = self._data
        construct_seconds = remote.construct(data.task.model, data.task.train, parameters)
        time_steps, at_once = data.dataset.inputs.shape[1], data.dataset.sequences_at_once
        return construct_seconds, remote.load_task(data.reference, data.key, time_steps, at_once=at_once)

    def _make_ready(self, remote: RemoteAdapter) -> None:
        """Have a process do what comes before its turns, its first batch, which compiles, among it."""
        self._construct(remote, self._parameters)
        remote.train(self._turn[:1])

    def _evaluate(self) -> Evaluation:
        limit = self._block.timeout_seconds
        return evaluate(self._data.task, within(limit, self._running.predict), self._data.dataset)

    def _raise_if_unchanged(self, parameters: Mapping[str, Array]) -> None:
        start = initial_parameters(self._data.task, self._block.seed)
        dtype = self._data.task.train.kept_dtype
        if all(np.array_equal(value, start[name].astype(dtype)) for name, value in parameters.items()):
            raise WorkerFailed("failed", f"no parameter has changed after update {self._running.updates}")

    def _train_seconds(self, batches: Array) -> float:
        training = self._running.train(batches)
        self._running.raise_if_diverged(training.losses)
        return training.seconds

    def _likely_batches(self) -> int:
        """How many filled a turn in the latest epoch; where that was short, its call cost most of it."""
        epoch, size = self._measured.epochs[-1], self._data.task.batch_size
        if not epoch.train_seconds > 0:
            return 1
        return max(1, int(self._block.timing.turn_seconds * epoch.sequences / epoch.train_seconds) // size)
