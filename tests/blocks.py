"""Blocks whose turns last milliseconds, for tests that look at what is done and not at how long it takes."""

from compare.records.block import Block, Observer, Timing
from tasks.interface import DataRequest

BRIEF = Timing(
    turn_seconds=0.01,
    epochs_seconds=0.0,
    settle_seconds=0.0,
    warm_calls=1,
    prediction_rounds=1,
    prediction_seconds=0.0,
    product_seconds=0.0,
)


def brief_block(task, *adapters, **changes):
    """A block of two epochs and two rounds in one process of each adapter."""
    given = {
        "task": task,
        "data": DataRequest(choice="digits") if task == "mnist-rows" else DataRequest(),
        "seed": 0,
        "epochs": 2,
        "rounds": 2,
        "adapters": adapters,
        "threads": 1,
        "timeout_seconds": 600.0,
        "warm_ups": 0,
        "timing": BRIEF,
    }
    return Block(**{**given, **changes})


class Listener(Observer):
    """Remembers whose turns there were, and has a block broken off after some of them."""

    def __init__(self, turns=None, store=None):
        self.heard = []
        self.logs = {}
        self._turns, self._store = turns, store

    def turn(self, adapter):
        if self._turns is not None and len(self.heard) >= self._turns:
            raise KeyboardInterrupt
        self.heard.append(adapter)

    def keep(self, runs):
        if self._store:
            self._store.keep(runs)

    def snapshot_is_due(self):
        return self._store is not None

    def keep_snapshot(self, snapshot):
        if self._store:
            self._store.keep_snapshot(snapshot)

    def keep_log(self, name, text):
        self.logs[name] = text
