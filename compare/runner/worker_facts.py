"""What a worker finds itself running on, read back from the libraries it has loaded."""

import os
from importlib import metadata

from threadpoolctl import threadpool_info

from adapters.interface import Adapter
from compare.records.run import WorkerFacts


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
        versions={
            name: metadata.version(name) for name in (adapter.declaration.distribution or "numpy", "numpy")
        },
        blas=[str(library) for library in adapter.libraries()] or blas,
        threads=max((pool["num_threads"] for pool in pools), default=1),
        pools={f"{pool['internal_api']} ({pool['prefix']})": pool["num_threads"] for pool in pools},
        settings={name: os.environ[name] for name in sorted(os.environ) if _is_thread_setting(name)},
    )


def _is_thread_setting(name: str) -> bool:
    return name.endswith(("_NUM_THREADS", "OP_THREADS", "_MAXIMUM_THREADS"))
