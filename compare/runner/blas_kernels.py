"""Which matrix kernels a worker's OpenBLAS is told to use, where the ones it chose are below the CPU.

OpenBLAS knows a CPU by family and model; one that is newer than the library gets kernels for an older
one. Those for AVX-512 do twice the work of those for AVX2 in the same time.
"""

import os
import platform
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

CORE_VARIABLE = "OPENBLAS_CORETYPE"

OLDER = frozenset({"katmai", "prescott", "nehalem", "sandybridge"})
KERNELS = (
    ("SkylakeX", ("X86_V4", "AVX512_SKX"), OLDER | {"haswell", "zen"}),
    ("Haswell", ("X86_V3", "AVX2"), OLDER),
)
"""OpenBLAS's kernels from the best down, NumPy's names for what they need, and those that they surpass.

Kernels that are not named, of newer Intel CPUs or tuned to another make, are left as chosen.
"""


def core_variables(
    machine: str, features: Collection[str], chosen: str, environment: Mapping[str, str]
) -> dict[str, str]:
    """The variable that lifts OpenBLAS to the best kernels that the CPU can run; none where it chose well.

    `features` are what NumPy found in the CPU, `chosen` what OpenBLAS calls its kernels. A core that the
    user named in the environment stands, and nothing is said of other machines than x86-64.
    """
    if machine.lower() not in {"x86_64", "amd64"} or CORE_VARIABLE in environment:
        return {}
    for core, any_of, surpassed in KERNELS:
        if any(feature in features for feature in any_of):
            return {CORE_VARIABLE: core} if chosen.lower() in surpassed else {}
    return {}


def simd_features(config: Mapping[str, Any]) -> frozenset[str]:
    """What NumPy found in the CPU and uses, by its own names.

    `config` is what `numpy.show_config` tells; it leaves out lists that are empty, as that of features above
    the baseline on a small ARM board.
    """
    simd = config.get("SIMD Extensions") or {}
    return frozenset([*(simd.get("baseline") or ()), *(simd.get("found") or ())])


def blas_of_workers() -> str:
    """NumPy's library for matrix products and the kernel that workers have it use; empty if it has none.

    Without its version, which is NumPy's own.
    """
    libraries = ThreadpoolController().select(user_api="blas").info()
    own = [library for library in libraries if "numpy" in library["filepath"]]
    for library in own or libraries:
        kernel = kernel_variables().get(CORE_VARIABLE) or library.get("architecture") or ""
        return f"{library['internal_api']} {kernel}".strip()
    return ""


def kernel_variables() -> dict[str, str]:
    """`core_variables` for this machine, by the OpenBLAS that NumPy has loaded into this process."""
    features = simd_features(np.show_config(mode="dicts") or {})
    for library in ThreadpoolController().select(internal_api="openblas").info():
        if variables := core_variables(
            platform.machine(), features, library.get("architecture") or "", os.environ
        ):
            return variables
    return {}
