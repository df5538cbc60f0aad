"""A scheduler whose machines do what a test's script says: a real one as far as the dispatcher can see."""

from collections import deque
from dataclasses import dataclass, field
from itertools import count

from compare.cluster import dispatch, presence
from compare.cluster.dispatch import Dispatcher
from compare.cluster.kinds import BlockFound, BlockWanted
from compare.cluster.machines import Machines
from compare.cluster.messages import Answer, MachineFacts, Work, decode, encode
from compare.cluster.presence import Presence
from compare.cluster.remote import describe
from compare.cluster.scheduler import Ended, SchedulerLost
from compare.records.block import BlockResult
from compare.records.environment import Environment
from compare.records.machine import machine_of
from compare.records.run import Run
from tests.blocks import brief_block

A_DAY = 86_400.0
VERSIONS = {"numpy": "2", "torch": "3"}
ENVIRONMENT = Environment(
    date="", command="", lockstep="1", python="", system="", cpu="", physical_cores=1, logical_cores=1,
    memory_bytes=None, threads=1, preset="",
)  # fmt: skip


def facts(**changes):
    """What a machine has that is like the others."""
    given = {"host": "a host", "cores": 2, "lockstep": "1", "versions": VERSIONS}
    return MachineFacts(**{**given, **changes})


def work(seed, versions=VERSIONS):
    """A block from this seed."""
    told = encode(BlockWanted(block=brief_block("sine-online", *VERSIONS, seed=seed)))
    return Work(title=f"seed {seed}", kind="block", told=told, lockstep="1", versions=versions)


def answered(message, *, on="", logs=(), **statuses):
    """What a machine answers that runs a block, in which these adapters come to other than "ok"."""
    block = decode(decode(message, Work).told, BlockWanted).block
    runs = tuple(
        Run(task=block.task, adapter=name, seed=block.seed, status=statuses.get(name, "ok"), error=on or None)
        for name in block.adapters
    )
    result = BlockResult(
        environment=ENVIRONMENT, machine=machine_of(ENVIRONMENT, "", "cpu"), runs=runs, logs=dict(logs)
    )
    return encode(Answer(lockstep="1", versions=VERSIONS, found=encode(BlockFound(result=result))))


@dataclass
class Script:
    """A scheduler in a script's hands: `does` is what a worker does when it is given work.

    It returns bytes, raises, or returns None, and then goes on without an end.
    """

    does: object
    there: dict = field(default_factory=dict)
    resource: bool = True
    begun: list = field(default_factory=list)
    called_off: list = field(default_factory=list)
    lost: int = 0
    clock: float = 0.0

    def __post_init__(self):
        self._numbers, self._ended, self._open = count(), deque(), {}

    def workers(self):
        if self.lost:
            raise SchedulerLost(1, "the scheduler is lost", "here")
        return dict.fromkeys(self.there, self.resource)

    def begin(self, worker, function, message, *, needs_resource):
        number = next(self._numbers)
        self._open[number] = worker
        if function is describe:
            self._ended.append(Ended(number=number, content=encode(self.there[worker])))
            return number
        assert needs_resource
        self.begun.append((worker, decode(message, Work).title))
        try:
            content = self.does(worker, message)
        except Exception as error:
            self._ended.append(Ended(number=number, error=f"{type(error).__name__}: {error}"))
        else:
            if content is not None:
                self._ended.append(Ended(number=number, content=content))
        return number

    def say(self, number, content):
        """Something ends now."""
        self._ended.append(Ended(number=number, content=content))

    def call_off(self, number):
        self.called_off.append(self._open[number])
        self._ended = deque(ended for ended in self._ended if ended.number != number)

    def ended(self, seconds):
        if self._ended:
            return self._ended.popleft()
        self.clock += seconds
        assert self.clock < A_DAY, "waits for ever"
        return None

    def reconnect(self):
        self._ended.clear()
        if self.lost:
            self.lost -= 1
        if self.lost:
            raise SchedulerLost(1, "no Dask scheduler answers", "here")

    def close(self):
        pass


class Scripted:
    """A dispatcher over a script, whose time is the script's, and what it said."""

    work = staticmethod(work)

    def __init__(self, monkeypatch, does, *, threads=None, before=None, there=None, resource=True, **named):
        self.said = []
        here = named or dict.fromkeys("abc", facts())
        self.script = Script(does, here if there is None else there, resource)
        clock = type("Clock", (), {"monotonic": lambda _: self.script.clock, "sleep": self._sleep})()
        monkeypatch.setattr(dispatch, "time", clock)
        monkeypatch.setattr(presence, "time", clock)
        self.machines = Machines("1", threads, self.said.append)
        watch = Presence(self.script, self.machines, ("numpy", "torch"), "here")
        watch.meet(before or {})
        self.dispatcher = Dispatcher(self.script, self.machines, watch, self.said.append)

    def _sleep(self, seconds):
        self.script.clock += seconds

    def run(self, count=3, **options):
        """What so many blocks came to, by their place."""
        outcomes = list(self.dispatcher.outcomes([work(seed, **options) for seed in range(count)]))
        assert sorted(outcome.place for outcome in outcomes) == list(range(count)), "lost, or counted twice"
        return {outcome.place: outcome for outcome in outcomes}

    def tried(self, seed):
        """On which machines a block was begun, in order."""
        return [worker for worker, title in self.script.begun if title == f"seed {seed}"]
