"""Which matrix kernels a worker's OpenBLAS is told to use, where the ones it chose are below the CPU.

OpenBLAS knows a CPU by family and model; one that is newer than the library gets kernels for an older
one. Those for AVX-512 do twice the work of those for AVX2 in the same time.
"""

import os
import platform
from collections.abc import Collection, Mapping

import numpy as np
from threadpoolctl import ThreadpoolController

CORE_VARIABLE = "OPENBLAS_CORETYPE"

OLDER = frozenset({"katmai", "prescott", "nehalem", "sandybridge"})
LADDER = (
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
    for core, any_of, surpassed in LADDER:
        if any(feature in features for feature in any_of):
            return {CORE_VARIABLE: core} if chosen.lower() in surpassed else {}
    return {}


def kernel_variables() -> dict[str, str]:
    """`core_variables` for this machine, by the OpenBLAS that NumPy has loaded into this process."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    features = {*simd["baseline"], *simd["found"]}
    for library in ThreadpoolController().select(internal_api="openblas").info():
        if variables := core_variables(
            platform.machine(), features, library.get("architecture") or "", os.environ
        ):
            return variables
    return {}
