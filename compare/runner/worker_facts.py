"""What a worker finds itself running on, read back from the libraries it has loaded."""

import os
from contextlib import suppress
from importlib import metadata

from threadpoolctl import threadpool_info

from adapters.interface import Adapter
from compare.records.run import WorkerFacts
from compare.runner.blas_kernels import CORE_VARIABLE


def worker_facts(adapter: type[Adapter]) -> WorkerFacts:
    """Versions of the framework and of NumPy, the libraries behind its kernels, and the threads in force."""
    pools = threadpool_info()
    blas = [
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', 'kernel unknown')}, "
        f"{pool['num_threads']} threads)"
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
        settings={name: os.environ[name] for name in sorted(os.environ) if _is_read_by_libraries(name)},
    )


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


def _is_read_by_libraries(name: str) -> bool:
    """Whether a library takes its number of threads, or its kernels, from a variable of this name."""
    return name == CORE_VARIABLE or name.endswith(("_NUM_THREADS", "OP_THREADS", "_MAXIMUM_THREADS"))
