"""What a worker finds itself running on, read back from the libraries it has loaded."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from adapters.interface import Adapter
from compare.machine.influences import FOLDER, INFLUENCES
from compare.machine.inherited import influence
from compare.records.run import Departure, WorkerFacts
from compare.runner import framework_switches
from compare.text import counted, number_list, storable

_THREADS = Path("/proc/self/task")
_FOLDERS = {name for entry in INFLUENCES if entry.value == FOLDER for name in entry.names}


def worker_facts(adapter: type[Adapter], cores: Sequence[int]) -> WorkerFacts:
    """Versions of the framework and of NumPy, the libraries behind its kernels, and the threads in force.

    `cores` are those that this process may use.
    """
    pools = threadpool_info()
    found = _cores_of_threads()
    blas = [
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', 'kernel unknown')}, "
        f"{counted(pool['num_threads'], 'thread')})"
        for pool in pools
        if pool["user_api"] == "blas"
    ]
    return WorkerFacts(
        versions=_versions(adapter.declaration.distribution or "numpy", "numpy"),
        blas=[str(library) for library in adapter.libraries()] or blas,
        threads=max((pool["num_threads"] for pool in pools), default=1),
        pools={f"{pool['internal_api']} ({pool['prefix']})": pool["num_threads"] for pool in pools},
        computes=adapter.declaration.computes,
        source=_source(adapter.__module__),
        settings={name: storable(os.environ[name]) for name in sorted(os.environ) if _is_shown(name)},
        cores={number_list(allowed): number for allowed, number in found.items()},
        switches=framework_switches.answers(),
        departures=[
            *framework_switches.departures(),
            *_threads_departed(pools, len(cores)),
            *_cores_departed(found, tuple(cores)),
        ],
    )


def _cores_of_threads() -> Counter[tuple[int, ...]]:
    """The cores that threads of this process may use, and how many may use those."""
    found: Counter[tuple[int, ...]] = Counter()
    with suppress(AttributeError, OSError):
        for thread in _THREADS.iterdir():
            with suppress(OSError):  # it has ended
                found[tuple(sorted(os.sched_getaffinity(int(thread.name))))] += 1
    return found


def _cores_departed(found: Counter[tuple[int, ...]], cores: tuple[int, ...]) -> Iterator[Departure]:
    for allowed, number in found.items():
        if cores and allowed != cores:
            bound = f"{counted(number, 'thread')} may use cores {number_list(allowed)}"
            told = f"{bound}, not {number_list(cores)}"
            yield Departure(found=told, comparable=False)


def _threads_departed(pools: list[dict[str, Any]], cores: int) -> Iterator[Departure]:
    """The libraries that have more threads than were asked for, or fewer than these and the cores allow."""
    asked = int(os.environ.get("OMP_NUM_THREADS") or 0)
    for pool in pools:
        if asked and not min(asked, cores) <= pool["num_threads"] <= asked:
            told = f"{pool['internal_api']} has {counted(pool['num_threads'], 'thread')}, asked for {asked}"
            yield Departure(found=told, comparable=pool["num_threads"] < asked)


def _versions(*distributions: str) -> dict[str, str]:
    """Those that are known: a framework may be imported from a distribution of another name."""
    versions = {}
    for name in distributions:
        with suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def _source(module: str) -> str:
    """The path of a module of this repository, from its root; of any other its name."""
    return f"{module.replace('.', '/')}.py" if module.partition(".")[0] == "adapters" else module


def _is_shown(name: str) -> bool:
    """Whether a library reads a variable of this name that is not the same in every worker."""
    entry = influence(name)
    return entry is not None and entry.read_by != "Python" and name not in _FOLDERS
