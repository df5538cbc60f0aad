"""The variables of a worker that depend on its adapter and on this machine."""

from adapters import declaration
from compare.runner.blas_kernels import kernel_variables


def worker_variables(name: str, threads: int) -> dict[str, str]:
    """What an adapter declares, and the kernels that OpenBLAS is lifted to; the rest every worker gets alike.

    Raises: as `declaration`.
    """
    declared = declaration(name).variables
    return {
        **kernel_variables(),
        **{variable: value.replace("{threads}", str(threads)) for variable, value in declared.items()},
    }
