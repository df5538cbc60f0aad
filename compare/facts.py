"""What a worker finds itself running on, read back from the libraries it has loaded."""

from importlib import metadata

from threadpoolctl import threadpool_info

from adapters import DISTRIBUTIONS
from compare.records import WorkerFacts


def worker_facts(adapter: str) -> WorkerFacts:
    """Versions of the adapter's framework and of NumPy, and the thread pools of BLAS and OpenMP in force."""
    pools = threadpool_info()
    blas = [
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', 'kernel unknown')}, "
        f"{pool['num_threads']} threads)"
        for pool in pools
        if pool["user_api"] == "blas"
    ]
    return WorkerFacts(
        versions={name: metadata.version(name) for name in (DISTRIBUTIONS.get(adapter, "numpy"), "numpy")},
        blas=blas,
        threads=max((pool["num_threads"] for pool in pools), default=1),
    )
