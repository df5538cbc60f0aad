"""Gives the workers their turns: from a block of plain data in, to records out.

A block is one task from one seed with all its adapters alive at once. Only one works at a time, in an
order shuffled anew each round, so that rounds are paired samples of one machine at one moment.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from numpy.random import PCG64, Generator, SeedSequence

from adapters.interface import Array
from compare.devices import device_of
from compare.markup import slug
from compare.player import TURN_SECONDS, Player
from compare.records import Run
from tasks import find
from tasks.interface import Dataset, Task

Tick = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One task from one seed, and every adapter that takes part: plain data, to be run anywhere.

    Units: `timeout_seconds` for any one thing that a worker is told to do.
    """

    task: str
    data_key: str
    seed: int
    epochs: int
    rounds: int
    adapters: tuple[str, ...]
    threads: int
    timeout_seconds: float
    logs: Path
    device: str = "cpu"

    @property
    def turns(self) -> int:
        """How often `play` calls its `tick`."""
        return len(self.adapters) * (1 + self.epochs + self.rounds)


def play(block: Block, tick: Tick) -> list[Run]:
    """Run a block; one record an adapter, whatever became of it. `tick` hears of every turn."""
    task = find(block.task)
    dataset = task.dataset(block.data_key)
    generator = Generator(PCG64(SeedSequence(block.seed)))
    with ExitStack() as stack:
        players = [
            Player(adapter, task, dataset, block.seed, device_of(adapter, block.device))
            for adapter in block.adapters
        ]
        for player in players:
            stack.callback(player.leave)
            log = block.logs / f"{block.task}-{slug(player.adapter)}-{block.seed}.log"
            player.set_up(block.data_key, block.threads, block.timeout_seconds, log)
            tick(player.adapter)
        for epoch in range(block.epochs):
            batches = task.batches(len(dataset.inputs), block.seed, epoch)
            for player in _shuffled(players, generator):
                player.learn(batches)
                tick(player.adapter)
        _measure_rounds(block, task, dataset, players, generator, tick)
        return [player.record() for player in players]


def _measure_rounds(
    block: Block, task: Task, dataset: Dataset, players: list[Player], generator: Generator, tick: Tick
) -> None:
    """The epochs are the rounds where they are many and long enough; else train on in calibrated turns."""
    if all(player.epochs_last(TURN_SECONDS, block.rounds) for player in players if player.alive):
        for player in players:
            player.count_epochs_as_rounds()
        return
    for player in players:
        player.calibrate(_batches_after_learning(block, task, dataset))
    for index in range(block.rounds):
        for player in _shuffled(players, generator):
            player.pace(index)
            tick(player.adapter)


def _shuffled(players: list[Player], generator: Generator) -> Iterator[Player]:
    return (players[index] for index in generator.permutation(len(players)))


def _batches_after_learning(block: Block, task: Task, dataset: Dataset) -> Iterator[Array]:
    for epoch in count(block.epochs):
        yield from task.batches(len(dataset.inputs), block.seed, epoch)
