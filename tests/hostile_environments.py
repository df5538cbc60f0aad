"""Shells, homes, folders and clusters as they ought not to be, each of which must change nothing."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

NUMPY, TORCH, TENSORFLOW, JAX = "numpy", "numpy,torch", "numpy,tensorflow", "numpy,jax"
EMPTY = ""
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """What surrounds a run: variables, files of the current folder, files of the home, what the shell does.

    `says` is what the report, or the error, says where the losses may be others.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    home: Mapping[str, str] = field(default_factory=dict)
    shell: str = ""
    adapters: str = NUMPY
    says: str = ""


KERAS_JSON = '{"backend": "torch", "floatx": "float64", "epsilon": 0.1, "max_steps_per_epoch": 1}'
MATPLOTLIBRC = "backend: QtAgg\nfont.size: 40\naxes.formatter.use_locale: True\n"
BROKEN = "raise SystemExit('this file is not for you')\n"
PACKAGES_OF_THE_USER = (
    "adapters/__init__.py", "tasks.py", "numpy.py", "torch.py", "json.py", "random.py", "signal.py",
    "rich/__init__.py", "typer.py", "msgspec.py", "dataclasses.py", "pathlib.py", "logging.py", "ast.py",
)  # fmt: skip
NAMED_LIKE_NONE_OF_PYTHON = tuple(
    path
    for path in PACKAGES_OF_THE_USER
    if Path(path).parts[0].removesuffix(".py") not in sys.stdlib_module_names
)
"""Where a file that it looks for first is named like one of its own modules, Python itself does not begin."""

FLUSHED = """import sys
if "compare.runner.worker" in sys.argv:
    import torch
    torch.set_flush_denormal(True)
"""
CLUSTER = {
    "MASTER_ADDR": "nowhere",
    "OMPI_COMM_WORLD_RANK": "3",
    "OMPI_COMM_WORLD_SIZE": "8",
    "PMI_RANK": "3",
    "RANK": "3",
    "SLURM_CPUS_PER_TASK": "1",
    "SLURM_JOB_ID": "1",
    "SLURM_NTASKS": "8",
    "SLURM_PROCID": "3",
    "TF_CONFIG": '{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}',
    "WORLD_SIZE": "8",
}

ALL_VARIABLES = {
    "ATEN_CPU_CAPABILITY": "default",
    "GOMP_CPU_AFFINITY": "0",
    "JAX_DISABLE_JIT": "1",
    "JAX_PLATFORMS": "cuda",
    "KERAS_BACKEND": "torch",
    "KERAS_MAX_STEPS_PER_EPOCH": "1",
    "MALLOC_PERTURB_": "165",
    "MKL_CBWR": "COMPATIBLE",
    "MPLBACKEND": "module://none",
    "NPY_DISABLE_CPU_FEATURES": "AVX512F AVX512_SKX AVX2 X86_V4 X86_V3",
    "OMP_NUM_THREADS": "many",
    "OMP_PROC_BIND": "close",
    "ONEDNN_DEFAULT_FPMATH_MODE": "BF16",
    "OPENBLAS_NUM_THREADS": "64",
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_USE_LEGACY_KERAS": "1",
    "TMPDIR": "/nonexistent",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": "1",
    "XLA_FLAGS": "--no_such_flag",
}

AT_ONCE = Hostile(variables=ALL_VARIABLES, home={".keras/keras.json": KERAS_JSON}, adapters=TORCH)

HOSTILE: dict[str, Hostile] = {
    "Keras on another backend": Hostile(variables={"KERAS_BACKEND": "torch"}, adapters=TENSORFLOW),
    "Keras configured at home": Hostile(home={".keras/keras.json": KERAS_JSON}, adapters=TENSORFLOW),
    "Keras configured elsewhere": Hostile(
        variables={"KERAS_HOME": "keras"}, files={"keras/keras.json": KERAS_JSON}, adapters=TENSORFLOW
    ),
    "Keras 2 in place of 3": Hostile(variables={"TF_USE_LEGACY_KERAS": "1"}, adapters=TENSORFLOW),
    "TensorFlow without oneDNN": Hostile(variables={"TF_ENABLE_ONEDNN_OPTS": "0"}, adapters=TENSORFLOW),
    "TensorFlow with clusters of XLA": Hostile(
        variables={"TF_XLA_FLAGS": "--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit"}, adapters=TENSORFLOW
    ),
    "TensorFlow deterministic": Hostile(
        variables={"TF_DETERMINISTIC_OPS": "1", "TF_NUM_INTRAOP_THREADS": "7"}, adapters=TENSORFLOW
    ),
    "XLA with fast mathematics": Hostile(
        variables={"XLA_FLAGS": "--xla_cpu_enable_fast_math=true --xla_cpu_fast_math_honor_nans=false"},
        adapters=JAX,
    ),
    "XLA with a flag that it does not know": Hostile(variables={"XLA_FLAGS": "--no_such_flag"}, adapters=JAX),
    "JAX without compilation": Hostile(variables={"JAX_DISABLE_JIT": "1"}, adapters=JAX),
    "JAX of low precision": Hostile(
        variables={"JAX_DEFAULT_MATMUL_PRECISION": "bfloat16", "JAX_ENABLE_X64": "0"}, adapters=JAX
    ),
    "JAX for a GPU": Hostile(variables={"JAX_PLATFORMS": "cuda", "NPROC": "9"}, adapters=JAX),
    "PyTorch without AVX": Hostile(variables={"ATEN_CPU_CAPABILITY": "default"}, adapters=TORCH),
    "oneDNN of low precision": Hostile(
        variables={"ONEDNN_DEFAULT_FPMATH_MODE": "BF16", "ONEDNN_MAX_CPU_ISA": "SSE41"}, adapters=TORCH
    ),
    "MKL as on older CPUs": Hostile(
        variables={"MKL_CBWR": "COMPATIBLE", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"}, adapters=TORCH
    ),
    "OpenMP bound to cores": Hostile(
        variables={"OMP_PROC_BIND": "close", "OMP_PLACES": "cores"}, adapters=TORCH
    ),
    "OpenMP bound to one core": Hostile(
        variables={"GOMP_CPU_AFFINITY": "0", "KMP_AFFINITY": "compact"}, adapters=TORCH
    ),
    "OpenMP with more threads than cores": Hostile(variables={"OMP_NUM_THREADS": "64"}, adapters=TORCH),
    "OpenMP misspelt": Hostile(variables={"OMP_NUM_THREADS": "many", "OMP_SCHEDULE": "?"}, adapters=TORCH),
    "OpenBLAS with more threads than cores": Hostile(
        variables={"OPENBLAS_NUM_THREADS": "64", "GOTO_NUM_THREADS": "64", "OPENBLAS_VERBOSE": "2"}
    ),
    "OpenBLAS for an old CPU": Hostile(
        variables={"OPENBLAS_CORETYPE": "Prescott"}, says="OPENBLAS_CORETYPE was set to Prescott"
    ),
    "NumPy without AVX": Hostile(variables={"NPY_DISABLE_CPU_FEATURES": "AVX512F AVX2 X86_V4 X86_V3"}),
    "memory filled by the C library": Hostile(variables={"MALLOC_PERTURB_": "165", "MALLOC_ARENA_MAX": "1"}),
    "a library loaded before all others": Hostile(
        variables={"LD_PRELOAD": "libno-such.so"}, says="LD_PRELOAD was set to libno-such.so"
    ),
    "Python without docstrings": Hostile(variables={"PYTHONOPTIMIZE": "2"}),
    "Python whose warnings are errors": Hostile(variables={"PYTHONWARNINGS": "error"}, adapters=TORCH),
    "Python for developers": Hostile(variables={"PYTHONDEVMODE": "1", "PYTHONMALLOC": "debug"}),
    "Python with sets in another order": Hostile(variables={"PYTHONHASHSEED": "1"}, adapters=TENSORFLOW),
    "text that is ASCII alone": Hostile(
        variables={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ),
    "output that is ASCII alone": Hostile(variables={"PYTHONIOENCODING": "ascii"}),
    "no home": Hostile(variables={"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent"}),
    "no folder for temporary files": Hostile(variables={"TMPDIR": "/nonexistent"}),
    "Matplotlib configured here": Hostile(
        variables={"MPLBACKEND": "module://none"}, files={"matplotlibrc": MATPLOTLIBRC}
    ),
    "a cluster's variables": Hostile(variables=CLUSTER, adapters=JAX),
    "a site's own start of Python": Hostile(
        variables={"PYTHONPATH": f"{ROOT}:."},
        files={"sitecustomize.py": FLUSHED},
        adapters=TORCH,
        says="numbers below the smallest normal one: taken for 0",
    ),
    "a home that is a file": Hostile(
        variables=dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), "/etc/passwd")
    ),
    "files for nobody else": Hostile(shell="umask 077;"),
    "packages called as ours are": Hostile(files={"adapters/readme.txt": EMPTY, "tasks/readme.txt": EMPTY}),
    "modules called as all that we import": Hostile(
        files=dict.fromkeys(PACKAGES_OF_THE_USER, BROKEN), adapters=TORCH
    ),
    "a terminal of twenty columns": Hostile(variables={"COLUMNS": "20", "FORCE_COLOR": "1"}),
    "one core": Hostile(shell="taskset -c 0", adapters=TORCH),
    "a low priority": Hostile(shell="nice -n 5", says="priority, nice 5"),
    "little address space": Hostile(shell="ulimit -v 8000000;", says="address space, 7,8"),
    "hardly any address space": Hostile(shell="ulimit -v 900000;", adapters=TORCH, says="address space, 8"),
    "few open files": Hostile(shell="ulimit -n 64;"),
    "no standard input": Hostile(shell="exec <&-;"),
    "signals that are ignored": Hostile(shell="trap '' INT HUP TERM;"),
    "ends of processes that nobody is told of": Hostile(shell="trap '' CHLD PIPE;"),
    "a folder that is gone": Hostile(shell="mkdir gone; cd gone; rmdir ../gone;"),
    "a small stack": Hostile(shell="ulimit -s 512;", adapters=TORCH),
    "a time zone that is none": Hostile(variables={"TZ": "No/Where"}),
    "a terminal where there is none": Hostile(variables={"TTY_COMPATIBLE": "1", "TERM": "dumb"}),
    "Matplotlib configured at home": Hostile(
        home={".config/matplotlib/matplotlibrc": "backend: none\nno: 1\n"}
    ),
    "Matplotlib configured in no text": Hostile(
        shell="printf 'font.size: \\xff' > matplotlibrc; export MATPLOTLIBRC=$PWD/matplotlibrc;"
    ),
    "tables and figures configured": Hostile(
        variables={
            "ARROW_DEFAULT_MEMORY_POOL": "none",
            "PANDAS_COPY_ON_WRITE": "warn",
            "PLOTLY_RENDERER": "none",
            "SKLEARN_ASSUME_FINITE": "1",
        }
    ),
    "a folder for temporary files that is no valid text": Hostile(
        shell="mkdir $'caf\\xe9'; export TMPDIR=$PWD/$'caf\\xe9';"
    ),
    "variables that are no valid text": Hostile(
        shell="export JAX_DISABLE_JIT=$'\\xff' LD_LIBRARY_PATH=$'/caf\\xe9';",
        says=r"LD_LIBRARY_PATH was set to /caf\\xe9",
    ),
    "packages looked for here first": Hostile(
        variables={"PYTHONPATH": f".:{ROOT}"}, files=dict.fromkeys(NAMED_LIKE_NONE_OF_PYTHON, BROKEN)
    ),
    "pages of memory": Hostile(variables={"THP_MEM_ALLOC_ENABLE": "1"}, adapters=TORCH),
    "logs of everything": Hostile(
        variables={"TF_CPP_MAX_VLOG_LEVEL": "1"},
        adapters=TENSORFLOW,
        says="TF_CPP_MAX_VLOG_LEVEL was set to 1",
    ),
}
