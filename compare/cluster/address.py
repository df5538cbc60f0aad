"""What a cluster is called on the command line; nothing of Dask is imported here."""

import re
from importlib.util import find_spec

from compare.errors import UsageError

MOST_LOCAL = 64
"""Workers on this machine, at most."""

_LOCAL = re.compile(r"local:(\d+)")
_ADDRESS = re.compile(r"(?:(?:tcp|tls)://)?(?:\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):\d{1,5}")


def local_workers(address: str) -> int | None:
    """How many workers on this machine an address asks for; None where it is a scheduler's."""
    found = _LOCAL.fullmatch(address)
    return int(found[1]) if found else None


def check_address(address: str) -> None:
    """Raise if this names no cluster, or there is no library to reach one with.

    Raises: UsageError.
    """
    count = local_workers(address)
    if count is not None and not 1 <= count <= MOST_LOCAL:
        raise UsageError(f"--cluster is {address}: local:N starts N workers here, from 1 to {MOST_LOCAL}")
    if count is None and not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"--cluster is {address!r}: it takes a scheduler's address, as in tcp://10.0.0.1:8786, or local:N"
        )
    if find_spec("distributed") is None:
        raise UsageError("--cluster needs dask.distributed: pip install -e '.[cluster]'")
