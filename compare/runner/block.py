"""Runs a block: plain data in, records out.

A block is one task from one seed with all its adapters alive at once. Only one works at a time, in an
order shuffled anew each round, so that rounds are paired samples of one machine at one moment.
"""

import math
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count

from numpy.random import PCG64, Generator, SeedSequence

from adapters.interface import Array
from compare.errors import UsageError
from compare.machine.devices import usable_cores
from compare.machine.environment import environment
from compare.records.block import Block, BlockResult, Checkpoint, Observer, Snapshot, State
from compare.records.run import Run, Status
from compare.runner.checked_task import epoch_batches
from compare.runner.inference import sequences_to_predict
from compare.runner.matrix_rate import matrix_size
from compare.runner.origin import Origin, origin_of
from compare.runner.participant import Participant
from compare.runner.processes import Processes
from compare.runner.task_loading import TaskData, load_task_data, loading_status
from compare.runner.turns import shuffled
from compare.runner.worker_process import WorkerFailed
from compare.runner.workers import ActiveWorkers, FreshWorkers, Workers

PROCESSES_READY = 2
"""How many further processes of each adapter are made ready in a row, at most: each takes its memory."""


def run_block(
    block: Block,
    observer: Observer | None = None,
    checkpoint: Checkpoint | None = None,
    workers: Workers | None = None,
) -> BlockResult:
    """Run a block, or what a checkpoint leaves of it; one record an adapter, whatever became of it.

    The observer hears of every turn, and gets the records before the first round and after every one, and
    a snapshot after an epoch where one is due, and after the last. The processes are lent by `workers`;
    without them the block starts and ends its own.
    """
    surroundings = environment("", block.threads, preset="")
    origin = origin_of(block, surroundings)
    try:
        data = load_task_data(block.found_by, block.data)
    except UsageError as error:
        runs = [_not_run(block, name, loading_status(error), str(error)) for name in block.adapters]
        return origin.result(runs, {})
    observer, active = observer or Observer(), ActiveWorkers()
    participants = [
        Participant(name, block, data, Processes(name, block, workers or FreshWorkers(), active, observer))
        for name in block.adapters
    ]
    with ExitStack() as stack:
        for participant in participants:
            stack.callback(participant.leave)
        try:
            _BlockRun(block, data, participants, active, observer, origin).go_through(checkpoint)
        except WorkerFailed as failure:  # the task's: an adapter's own ends in its participant
            for participant in participants:
                participant.fail(failure)
    return origin.result(
        [participant.record() for participant in participants],
        {name: text for participant in participants for name, text in participant.logs.items()},
    )


def _not_run(block: Block, adapter: str, status: Status, reason: str) -> Run:
    return Run(task=block.task, adapter=adapter, seed=block.seed, status=status, error=reason)


class _BlockRun:
    """A block under way: set up, train, time, predict, multiply."""

    def __init__(
        self,
        block: Block,
        data: TaskData,
        participants: list[Participant],
        active: ActiveWorkers,
        observer: Observer,
        origin: Origin,
    ) -> None:
        self._block, self._data, self._observer, self._origin = block, data, observer, origin
        self._participants, self._active = participants, active
        self._generator = Generator(PCG64(SeedSequence(block.seed)))

    def go_through(self, checkpoint: Checkpoint | None) -> None:
        if checkpoint:
            self._resume(checkpoint)
        else:
            self._set_up()
        self._keep()
        self._train(checkpoint.epochs if checkpoint else 0)
        self._time_rounds(checkpoint.rounds if checkpoint else 0)
        self._time_predictions()
        for participant in self._participants:
            participant.multiply(matrix_size(self._block.threads))
            participant.count_gpu_kernels()

    def _set_up(self) -> None:
        if all(participant.import_was_timed for participant in self._participants):
            self._active.for_each(self._participants, Participant.start, at_once=usable_cores())
        for participant in self._participants:
            self._observer.wait_for(participant.name)
            participant.set_up()
            self._observer.turn(participant.name)

    def _resume(self, checkpoint: Checkpoint) -> None:
        first = self._epoch(checkpoint.epochs)[:1]
        for participant in self._participants:
            self._observer.wait_for(participant.name)
            participant.take_over(checkpoint.runs[participant.name])
            participant.resume(checkpoint.states.get(participant.name, {}), first)
            self._observer.turn(participant.name)

    def _train(self, done: int) -> None:
        """Train to the last epoch, so many being done; short ones in a row."""
        block, observer = self._block, self._observer
        while done < block.epochs and self._alive():
            epochs = range(done, min(block.epochs, done + self._epochs_in_a_row()))
            batches = [self._epoch(epoch) for epoch in epochs]
            for participant in self._shuffled():
                observer.wait_for(participant.name)
                if participant.alive:
                    time.sleep(block.timing.settle_seconds)
                for each in batches:
                    participant.train_epoch(each)
                    observer.turn(participant.name)
            self._keep()
            done = epochs.stop
            states = self._states() if done == block.epochs or observer.snapshot_is_due() else {}
            if states:
                snapshot = Snapshot(task=block.task, seed=block.seed, epochs=done, states=states)
                observer.keep_snapshot(snapshot)
        for participant in self._alive():
            parameters = participant.parameters()
            if parameters is not None:
                observer.keep_parameters(participant.name, parameters)
        for participant in self._participants:
            participant.finish_training(self._epoch(block.epochs))

    def _time_rounds(self, done: int) -> None:
        """Train on in timed turns that were calibrated, so many rounds being done in earlier processes."""
        block = self._block
        for participant in self._participants:
            self._observer.wait_for(participant.name)
            participant.calibrate(self._batches_after_training())
        left, ready = sum(index > done for index in block.renewals), 0
        for index in range(done, block.timed_rounds):
            if index in block.renewals and index > done:
                if not ready:
                    ready = min(left, PROCESSES_READY)
                    self._prepare(ready)
                self._renew()
                left, ready = left - 1, ready - 1
            for participant in self._shuffled():
                self._observer.wait_for(participant.name)
                participant.take_turn(index)
                self._observer.turn(participant.name)
            self._keep()

    def _prepare(self, count: int) -> None:
        """Have so many further processes of every adapter ready; nothing is timed: several start at once."""
        for participant in self._participants:
            participant.note_parameters()
        coming = [(participant, ahead) for ahead in range(count) for participant in self._participants]
        self._active.for_each(coming, lambda each: each[0].prepare(each[1]), at_once=usable_cores())

    def _renew(self) -> None:
        """Have every adapter go on in its next process.

        They warm up one after the other: threads of one would wait for those of another.
        """
        for participant in self._participants:
            participant.renew()
            participant.warm_up()

    def _time_predictions(self) -> None:
        sequences = sequences_to_predict(self._data.dataset)
        for _ in range(self._block.timing.prediction_rounds):
            for participant in self._shuffled():
                self._observer.wait_for(participant.name)
                participant.predict(sequences)

    def _alive(self) -> list[Participant]:
        return [participant for participant in self._participants if participant.alive]

    def _shuffled(self) -> Iterator[Participant]:
        return shuffled(self._participants, self._generator)

    def _keep(self) -> None:
        self._observer.keep(self._origin.marked(participant.record() for participant in self._participants))

    def _epochs_in_a_row(self) -> int:
        """How many each trains before the next does, one at least."""
        longest = max((participant.epoch_seconds for participant in self._alive()), default=math.inf)
        return max(1, int(self._block.timing.epochs_seconds / longest))

    def _states(self) -> dict[str, State]:
        """The states of all that are in, by adapter; empty where one of them cannot tell."""
        states = {participant.name: participant.state() for participant in self._alive()}
        told: dict[str, State] = {name: state for name, state in states.items() if state is not None}
        return told if all(participant.name in told for participant in self._alive()) else {}

    def _epoch(self, epoch: int) -> Array:
        return epoch_batches(self._data.task, len(self._data.dataset.inputs), self._block.seed, epoch)

    def _batches_after_training(self) -> Iterator[Array]:
        for epoch in count(self._block.epochs):
            yield from self._epoch(epoch)
