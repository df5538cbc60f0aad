"""What stands in a worker's environment: its threads, and OpenBLAS lifted to what the CPU can do."""

import os
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from adapters import ADAPTERS
from compare.machine.inherited import worker_environment
from compare.runner.blas_kernels import CORE_VARIABLE, core_variables
from compare.runner.environment_variables import worker_variables

AVX512 = {"X86_V2", "X86_V3", "X86_V4", "AVX512_ICL"}
AVX512_BEFORE_NUMPY_2_4 = {"SSE42", "AVX2", "FMA3", "AVX512F", "AVX512_SKX"}
AVX512_WITHOUT_ITS_LATER_PARTS = {"SSE42", "AVX2", "FMA3", "AVX512F", "AVX512CD", "AVX512_KNL"}
AVX2 = {"X86_V2", "X86_V3"}
SSE = {"X86_V2"}


@pytest.mark.parametrize("name", ADAPTERS)
def test_threads_are_limited(name):
    variables = worker_environment({}, worker_variables(name, 3), 3, folder="")
    assert variables["OMP_NUM_THREADS"] == variables["OPENBLAS_NUM_THREADS"] == "3"
    assert all(isinstance(value, str) for value in variables.values())


@pytest.mark.parametrize(
    ("machine", "features", "chosen", "core"),
    [
        ("x86_64", AVX512, "Haswell", "SkylakeX"),
        ("x86_64", AVX512, "Zen", "SkylakeX"),
        ("x86_64", AVX512, "Prescott", "SkylakeX"),
        ("AMD64", AVX512, "Haswell", "SkylakeX"),
        ("x86_64", AVX512_BEFORE_NUMPY_2_4, "Haswell", "SkylakeX"),
        ("x86_64", AVX2, "Nehalem", "Haswell"),
        ("x86_64", AVX2, "Katmai", "Haswell"),
    ],
)
def test_kernels_below_the_cpu_are_lifted(machine, features, chosen, core):
    assert core_variables(machine, features, chosen, {}) == {CORE_VARIABLE: core}


@pytest.mark.parametrize(
    ("machine", "features", "chosen"),
    [
        ("x86_64", AVX512, "SkylakeX"),
        ("x86_64", AVX512, "Cooperlake"),
        ("x86_64", AVX512, "SapphireRapids"),
        ("x86_64", AVX512_WITHOUT_ITS_LATER_PARTS, "Haswell"),
        ("x86_64", AVX2, "Haswell"),
        ("x86_64", AVX2, "Zen"),
        ("x86_64", AVX2, "Excavator"),
        ("x86_64", SSE, "Nehalem"),
        ("x86_64", set(), "Prescott"),
        ("x86_64", AVX512, ""),
        ("aarch64", {"NEON", "ASIMD", "SVE"}, "armv8"),
        ("arm64", {"NEON", "ASIMD"}, "VORTEX"),
        ("ppc64le", {"VSX", "VSX4"}, "POWER9"),
    ],
)
def test_kernels_are_left_where_they_fit_or_nothing_is_known(machine, features, chosen):
    assert core_variables(machine, features, chosen, {}) == {}


@pytest.mark.parametrize("named", ["Haswell", "SkylakeX", ""])
def test_what_the_user_named_stands(named):
    assert core_variables("x86_64", AVX512, "Haswell", {CORE_VARIABLE: named}) == {}


def test_a_worker_gets_what_this_machine_needs(monkeypatch):
    pools = threadpool_info()
    monkeypatch.setattr("compare.runner.blas_kernels.core_variables", lambda *_: {CORE_VARIABLE: "Nehalem"})
    lifted = worker_variables("numpy", 2)
    blas = any(pool["internal_api"] == "openblas" for pool in pools)
    assert lifted.get(CORE_VARIABLE) == ("Nehalem" if blas else None)
    assert worker_environment(os.environ, lifted, 2, folder="").get(CORE_VARIABLE) == lifted.get(
        CORE_VARIABLE
    )


def test_no_worker_runs_below_this_machine():
    """After the correction there is nothing left to correct, whatever OpenBLAS had chosen here."""
    script = (
        "import numpy, platform; from threadpoolctl import threadpool_info\n"
        "from compare.runner.blas_kernels import core_variables\n"
        "simd = numpy.show_config(mode='dicts')['SIMD Extensions']\n"
        "features = {*simd['baseline'], *simd['found']}\n"
        "pools = [pool for pool in threadpool_info() if pool['internal_api'] == 'openblas']\n"
        "print(any(core_variables(platform.machine(), features, pool['architecture'], {}) for pool in pools))"
    )
    inherited = {name: value for name, value in os.environ.items() if name != CORE_VARIABLE}
    variables = worker_environment(inherited, worker_variables("numpy", 1), 1, folder="")
    printed = subprocess.run(
        [sys.executable, "-c", script], env=variables, check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == "False"


def test_numpy_names_its_cpu_features_as_the_ladder_expects():
    simd = np.show_config(mode="dicts")["SIMD Extensions"]
    assert {"baseline", "found"} <= simd.keys()
