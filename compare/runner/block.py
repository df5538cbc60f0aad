"""Gives the workers their turns: from a block of plain data in, to records out.

A block is one task from one seed with all its adapters alive at once. Only one works at a time, in an
order shuffled anew each round, so that rounds are paired samples of one machine at one moment.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from itertools import count

from numpy.random import PCG64, Generator, SeedSequence

from adapters.interface import Array
from compare.machine.devices import device_of
from compare.records.block import Block, Checkpoint, Keeper, Snapshot, State
from compare.records.run import Run
from compare.runner.checked_task import order
from compare.runner.inference import ROUNDS as INFERENCE_ROUNDS
from compare.runner.inference import sequences_to_predict
from compare.runner.matrix_rate import matrix_size
from compare.runner.participant import SETTLE_SECONDS, TURN_SECONDS, Player
from compare.runner.remote_adapter import Trainee
from compare.runner.worker_process import WorkerFailed, WorkerProcess
from compare.text import slug
from tasks import find
from tasks.interface import Dataset, Task

Tick = Callable[[str], None]

STINT_SECONDS = TURN_SECONDS
"""How long an adapter trains in a row at least, where that takes several epochs."""


def play(
    block: Block, tick: Tick, keeper: Keeper | None = None, checkpoint: Checkpoint | None = None
) -> list[Run]:
    """Run a block, or what a checkpoint leaves of it; one record an adapter, whatever became of it.

    `tick` hears of every turn; `keeper` gets the records before the first round and after every one, and
    a snapshot after an epoch where one is due, and after the last.
    """
    task = find(block.task)
    dataset = task.dataset(block.data_key)
    with ExitStack() as stack:
        players = [_player(name, block, task, dataset) for name in block.adapters]
        for player in players:
            stack.callback(player.leave)
        try:
            _go_through(block, task, dataset, players, tick, keeper or Keeper(), checkpoint)
        except WorkerFailed as failure:  # the task's: an adapter's own ends in its player
            for player in players:
                player.fail(failure)
        return [player.record(block.warm_ups) for player in players]


def _go_through(
    block: Block,
    task: Task,
    dataset: Dataset,
    players: list[Player],
    tick: Tick,
    keeper: Keeper,
    checkpoint: Checkpoint | None,
) -> None:
    """Set up, learn, measure."""
    generator = Generator(PCG64(SeedSequence(block.seed)))
    begun = checkpoint.epochs if checkpoint else 0
    for player in players:
        if checkpoint:
            player.take_over(checkpoint.runs[player.adapter])
            first = order(task, len(dataset.inputs), block.seed, begun)[:1]
            player.go_on(checkpoint.states.get(player.adapter, {}), first)
        else:
            player.set_up()
        tick(player.adapter)

    def keep() -> None:
        keeper.keep([player.record(block.warm_ups) for player in players])

    keep()
    done = begun
    while done < block.epochs and any(player.alive for player in players):
        stint = range(done, min(block.epochs, done + _epochs_in_a_row(players)))
        batches = [order(task, len(dataset.inputs), block.seed, epoch) for epoch in stint]
        for player in _shuffled(players, generator):
            if player.alive:
                time.sleep(SETTLE_SECONDS)
            for each in batches:
                player.learn(each)
                tick(player.adapter)
        keep()
        done = stint.stop
        states = _states(players) if done == block.epochs or keeper.snapshot_is_due() else {}
        if states:
            keeper.keep_snapshot(Snapshot(task=block.task, seed=block.seed, epochs=done, states=states))
    for player in players:
        player.finish_learning(order(task, len(dataset.inputs), block.seed, block.epochs))
    _measure_rounds(
        block, task, dataset, players, generator, tick, keep, checkpoint.rounds if checkpoint else 0
    )
    _measure_predictions(dataset, players, generator)
    for player in players:
        player.multiply(matrix_size(block.threads))


def _player(name: str, block: Block, task: Task, dataset: Dataset) -> Player:
    adapter = block.twins.get(name, name)
    begin = partial(
        WorkerProcess,
        adapter,
        block.threads,
        block.timeout_seconds,
        memory_limit_bytes=block.memory_limit_bytes,
    )
    trainee = Trainee(
        task,
        dataset,
        block.seed,
        data_key=block.data_key,
        device=device_of(adapter, block.device),
        log=block.logs / f"{block.task}-{slug(name)}-{block.seed}.log",
        begin=begin,
    )
    return Player(name, task, dataset, block.seed, trainee)


def _epochs_in_a_row(players: list[Player]) -> int:
    """How many each trains before the next has its turn: one, but more where they are very short."""
    longest = max((player.epoch_seconds for player in players if player.alive), default=math.inf)
    return max(1, int(STINT_SECONDS / longest))


def _states(players: list[Player]) -> dict[str, State]:
    """The states of all that are in, by adapter; empty where one of them cannot tell."""
    states = {player.adapter: player.state() for player in players if player.alive}
    told: dict[str, State] = {adapter: state for adapter, state in states.items() if state is not None}
    return told if all(player.adapter in told for player in players if player.alive) else {}


def _measure_rounds(
    block: Block,
    task: Task,
    dataset: Dataset,
    players: list[Player],
    generator: Generator,
    tick: Tick,
    keep: Callable[[], None],
    begun: int,
) -> None:
    """The epochs are the rounds where they are many and long enough; else train on in calibrated turns.

    So many have `begun` before, in earlier processes.
    """
    epochs_do = all(
        player.epochs_last(TURN_SECONDS, block.paced_rounds) for player in players if player.alive
    )
    if epochs_do and not begun:
        for player in players:
            player.count_epochs_as_rounds()
        return
    for player in players:
        player.calibrate(_batches_after_learning(block, task, dataset))
    for index in range(begun, block.paced_rounds):
        if index in block.renewals and index > begun:
            for player in players:
                player.renew()
        for player in _shuffled(players, generator):
            player.pace(index)
            tick(player.adapter)
        keep()


def _measure_predictions(dataset: Dataset, players: list[Player], generator: Generator) -> None:
    inputs = sequences_to_predict(dataset.held_out_inputs)
    for _ in range(INFERENCE_ROUNDS):
        for player in _shuffled(players, generator):
            player.infer(inputs)


def _shuffled(players: list[Player], generator: Generator) -> Iterator[Player]:
    return (players[index] for index in generator.permutation(len(players)))


def _batches_after_learning(block: Block, task: Task, dataset: Dataset) -> Iterator[Array]:
    for epoch in count(block.epochs):
        yield from order(task, len(dataset.inputs), block.seed, epoch)
