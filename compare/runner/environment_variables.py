"""The variables that stand in a worker's environment before anything is imported."""

from adapters import declaration
from compare.runner.blas_kernels import kernel_variables

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def worker_variables(name: str, threads: int) -> dict[str, str]:
    """The variables that must stand in the environment of an adapter's worker before anything is imported.

    Raises: as `declaration`.
    """
    declared = declaration(name).variables
    return {
        **kernel_variables(),
        **dict.fromkeys(_THREAD_VARIABLES, str(threads)),
        **{variable: value.replace("{threads}", str(threads)) for variable, value in declared.items()},
    }
