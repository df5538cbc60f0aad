"""A connection to a Dask scheduler."""

import asyncio
import logging
import warnings
from collections.abc import Awaitable, Callable
from contextlib import suppress
from errno import ECONNREFUSED, ECONNRESET
from itertools import count
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

import distributed
from distributed import Client, Future
from distributed.core import CommClosedError
from distributed.security import Security

from compare.cluster.scheduler import Ended, SchedulerLost
from compare.errors import UsageError

CONNECT_SECONDS = 4.0
"""For how long a scheduler may take to answer at first."""

ANSWER_SECONDS = 5.0
"""For how long it may take to say who works there; after that it is asked again."""

RESOURCE = "block"
FAILURES = (OSError, TimeoutError, CommClosedError, distributed.core.RPCClosed)


def quiet_dask() -> None:
    """Have Dask's own log kept from the terminal: what counts in it is said in a line of ours."""
    logger = logging.getLogger("distributed")
    logger.setLevel(logging.CRITICAL)
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("distributed.")]:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def connected(address: str) -> "DaskScheduler":
    """The scheduler at an address.

    Raises: UsageError where nobody answers, or somebody else, or a scheduler of another major version.
    """
    quiet_dask()
    if address.startswith("tls://") and Security().tls_ca_file is None:
        raise UsageError(
            f"{address} needs certificates: name them in Dask's configuration, distributed.comm.tls"
        )
    try:
        there = asyncio.run(asyncio.wait_for(_version(address), CONNECT_SECONDS))
    except Exception as error:  # whatever something else that answers there makes of it
        raise UsageError(f"no Dask scheduler answers at {address}: start one with: dask scheduler") from error
    here = distributed.__version__
    if there.partition(".")[0] != here.partition(".")[0]:
        raise UsageError(
            f"the scheduler at {address} is of distributed {there}, and here is {here}: "
            "install the same on all machines"
        )
    return DaskScheduler(address)


async def _version(address: str) -> str:
    """That of distributed at an address."""
    tls = Security().get_connection_args("client")
    async with distributed.rpc(address, timeout=CONNECT_SECONDS, connection_args=tls) as scheduler:
        found = await scheduler.versions()
    return str(found["packages"]["distributed"])


class DaskScheduler:
    """A connection to a scheduler over dask.distributed.

    Raises: OSError where nobody answers.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._numbers = count()
        self._heard: SimpleQueue[int] = SimpleQueue()
        self._begun: dict[int, Future] = {}
        self._known: dict[str, bool] = {}
        self._client = self._connect()

    def workers(self) -> dict[str, bool] | None:
        if self._client.status != "running":
            raise SchedulerLost(ECONNRESET, "the scheduler is lost", self._address)
        try:
            there = set(self._ask(self._client.scheduler.ncores))
            if there != self._known.keys():
                identity = self._ask(lambda: self._client.scheduler.identity(n_workers=-1))
                self._known = {
                    name: worker["resources"].get(RESOURCE, 0) == 1
                    for name, worker in identity["workers"].items()
                }
        except FAILURES:
            return None
        return {name: has_it for name, has_it in self._known.items() if name in there}

    def begin(
        self, worker: str, function: Callable[[bytes], bytes], message: bytes, *, needs_resource: bool
    ) -> int:
        number = next(self._numbers)
        try:
            future = self._client.submit(
                function,
                message,
                key=f"lockstep-{uuid4()}",
                workers=[worker],
                resources={RESOURCE: 1} if needs_resource else None,
                pure=False,
            )
        except Exception as error:
            raise SchedulerLost(ECONNRESET, f"the scheduler takes no work: {error}", self._address) from error
        self._begun[number] = future
        future.add_done_callback(lambda _: self._heard.put(number))
        return number

    def call_off(self, number: int) -> None:
        if future := self._begun.pop(number, None):
            with suppress(Exception):
                future.cancel()

    def ended(self, seconds: float) -> Ended | None:
        try:
            number = self._heard.get(timeout=seconds)
        except Empty:
            return None
        future = self._begun.pop(number, None)
        if future is None or future.cancelled():
            return None
        try:
            return Ended(number=number, content=future.result(timeout=ANSWER_SECONDS))
        except TimeoutError:
            self._begun[number] = future  # its bytes are on their way
            self._heard.put(number)
            return None
        except Exception as error:
            return Ended(number=number, error=f"{type(error).__name__}: {error}")

    def reconnect(self) -> None:
        self._let_go()
        try:
            self._client = self._connect()
        except (ValueError, *FAILURES) as error:
            raise SchedulerLost(ECONNREFUSED, "no Dask scheduler answers", self._address) from error

    def close(self) -> None:
        self._let_go()

    def _connect(self) -> Client:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Client(self._address, timeout=CONNECT_SECONDS, set_as_default=False, name="lockstep")

    def _let_go(self) -> None:
        self._known = {}
        with suppress(Exception):
            self._client.cancel([*self._begun.values()])
        self._begun.clear()
        with suppress(Exception):
            self._client.close(timeout=ANSWER_SECONDS)

    def _ask(self, question: Callable[[], Awaitable[Any]]) -> Any:
        return self._client.sync(question, callback_timeout=ANSWER_SECONDS)
