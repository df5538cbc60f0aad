"""What runs on a machine of the cluster, in the thread of its Dask worker: bytes in, bytes out."""

import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from distributed import Worker, get_worker
from distributed.core import Status

from adapters import AdapterUnavailable, version
from adapters.declaration_reader import AdapterBroken
from adapters.entry_points import NameTaken
from compare.cluster.code_version import code_version
from compare.cluster.kinds import KINDS
from compare.cluster.messages import Answer, Garbled, MachineFacts, Work, decode, encode
from compare.cluster.under_way import endable
from compare.machine.devices import usable_cores

LEAST_FREE_BYTES = 64 * 2**20
"""Of the disk for temporary files: with less, what frameworks write there may be cut off."""

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def describe(adapters: bytes) -> bytes:
    """The facts of this machine that count for these adapters."""
    facts = MachineFacts(
        host=_BOOT.read_text(encoding="ascii").strip() if _BOOT.exists() else socket.gethostname(),
        cores=usable_cores(),
        lockstep=code_version(),
        versions=versions_here(decode(adapters, list[str])),
    )
    return encode(facts)


def perform(message: bytes) -> bytes:
    """Do some work, and end it as soon as the scheduler does not want it any more."""
    worker = get_worker()
    key = worker.get_current_task()
    return encode(answer(message, lambda: _is_wanted(worker, str(key))))


def answer(message: bytes, wanted: Callable[[], bool]) -> Answer:
    """What comes of some work, or what it is about this machine that keeps it from being done."""
    lockstep, versions = code_version(), dict[str, str | None]()
    try:
        work: Work = decode(message, Work)
        versions = versions_here(work.versions)
        fault = work.unlike(lockstep, versions) or disk_fault()
        if not fault:
            kind = KINDS[work.kind]
            told = decode(work.told, kind.told)
            with endable(wanted) as workers:
                found = kind.perform(told, workers, work.threads or usable_cores())
            fault = disk_fault()
    except Garbled as error:
        fault = f"Lockstep {lockstep}: {error}"
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
    if fault:
        return Answer(lockstep=lockstep, versions=versions, fault=fault)
    return Answer(lockstep=lockstep, versions=versions, found=encode(found))


def versions_here(adapters: Iterable[str]) -> dict[str, str | None]:
    """The version of each adapter's framework, None where it cannot be used on this machine."""
    found: dict[str, str | None] = {}
    for adapter in adapters:
        try:
            found[adapter] = version(adapter)
        except (AdapterUnavailable, AdapterBroken, NameTaken, KeyError):
            found[adapter] = None
    return found


def disk_fault() -> str:
    """What is wrong with the disk for temporary files; empty where nothing is."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    return f"{folder} is full: {free / 2**20:.0f} MiB are left" if free < LEAST_FREE_BYTES else ""


def _is_wanted(worker: Worker, key: str) -> bool:
    """Whether the worker is connected, and the scheduler has not called the work off."""
    task = worker.state.tasks.get(key)
    return worker.status in (Status.running, Status.paused) and task is not None and task.state == "executing"
