"""What a user's shell, home or cluster may set that changes what frameworks compute, how fast, or where.

Every worker gets what stands here, and the run's own process too, before anything is imported. A variable
that no entry names passes as it is, for a user's adapter may read its own.
"""

from dataclasses import dataclass

from compare.records.environment import Treatment

THREADS, FOLDER = "{threads}", "{folder}"
"""What stands in a value for the number of a worker's threads, and for its own temporary folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Influence:
    """Variables, by their names or by how these begin (`JAX_*`), that a library reads by itself.

    `removed`: workers compute as if it were not there. `set`: workers get `value` in its place. `kept`: it
    passes, is recorded, and is named in the report. `passed`: it passes, and changes nothing that counts. Of
    several entries the one with the longest name holds; what an adapter declares for its own worker comes
    after all of them.
    """

    names: tuple[str, ...]
    read_by: str
    changes: str
    treatment: Treatment
    value: str = ""


INFLUENCES: tuple[Influence, ...] = (
    Influence(
        names=("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
        read_by="OpenMP, OpenBLAS, MKL, Accelerate",
        changes="threads",
        treatment="set",
        value=THREADS,
    ),
    Influence(
        names=("OMP_*", "GOMP_*", "KMP_*", "LIBOMP_*"),
        read_by="OpenMP (libgomp, libomp)",
        changes="on which cores threads run, how they wait, how loops are split",
        treatment="removed",
    ),
    Influence(
        names=("OPENBLAS_*", "GOTO_*", "GOTOBLAS_*", "BLIS_*", "FLEXIBLAS*"),
        read_by="OpenBLAS, BLIS, FlexiBLAS",
        changes="threads, cores, sizes of blocks, and the library itself",
        treatment="removed",
    ),
    Influence(
        names=("OPENBLAS_CORETYPE",),
        read_by="OpenBLAS",
        changes="the kernels, and how they round",
        treatment="kept",
    ),
    Influence(
        names=("MKL_*",),
        read_by="MKL",
        changes="threads, kernels, how sums are rounded",
        treatment="removed",
    ),
    Influence(
        names=("MKL_THREADING_LAYER", "MKL_SERVICE_FORCE_INTEL", "MKL_INTERFACE_LAYER"),
        read_by="MKL, where it is a library of its own",
        changes="whose threads it uses; without it some installations do not start",
        treatment="kept",
    ),
    Influence(
        names=("ONEDNN_*", "DNNL_*", "MKLDNN_*", "LRU_CACHE_CAPACITY"),
        read_by="oneDNN, in PyTorch and TensorFlow",
        changes="kernels, instruction sets, the precision of products",
        treatment="removed",
    ),
    Influence(
        names=("NPY_*", "NUMPY_*", "SCIPY_*", "NUMEXPR_*", "NUMBA_*", "TBB_*", "HWLOC_*"),
        read_by="NumPy, SciPy, numexpr, Numba, TBB, hwloc",
        changes="instruction sets, promotion of dtypes, memory pages, threads, cores, what is compiled",
        treatment="removed",
    ),
    Influence(
        names=(
            "TORCH_*", "TORCHDYNAMO_*", "TORCHINDUCTOR_*", "PYTORCH_*", "ATEN_*", "TRITON_*", "INDUCTOR_*",
            "AOT_*", "AOTI_*", "AOTINDUCTOR_*", "FBGEMM_*", "LTC_*", "KINETO_*", "THP_MEM_ALLOC_ENABLE",
            "INTEL_ISA_DISABLE", "DISABLE_ADDMM_CUDA_LT", "MLIR_*", "DISABLE_LLVM_OPT", "DISABLE_PTXAS_OPT",
        ),
        read_by="PyTorch and Triton",
        changes="kernels, precision on a GPU, memory and its pages, compilation, profiling, what is logged",
        treatment="removed",
    ),
    Influence(
        names=(
            "TORCH_HOME", "TORCH_EXTENSIONS_DIR", "TORCH_CUDA_ARCH_LIST", "TRITON_CACHE_DIR",
            "TRITON_PTXAS_PATH", "TRITON_LIBDEVICE_PATH",
        ),
        read_by="PyTorch and Triton",
        changes="where files are kept, what extensions are built for",
        treatment="kept",
    ),
    Influence(
        names=("KERAS_BACKEND",),
        read_by="Keras",
        changes="in which framework Keras computes",
        treatment="set",
        value="tensorflow",
    ),
    Influence(
        names=("KERAS_HOME",),
        read_by="Keras",
        changes="the folder of keras.json: backend, default dtype, epsilon, steps of an epoch",
        treatment="set",
        value=FOLDER,
    ),
    Influence(
        names=("KERAS_*", "TF_*", "TF2_*", "AUTOGRAPH_*"),
        read_by="Keras, TensorFlow",
        changes=(
            "threads, oneDNN, XLA, determinism, precision on a GPU, steps of an epoch, Keras 2 for 3, "
            "TensorFlow 1 for 2"
        ),
        treatment="removed",
    ),
    Influence(
        names=("JAX_*", "JAXLIB_*", "XLA_*", "NPROC"),
        read_by="JAX, XLA",
        changes="dtypes, precision, compilation and its cache, devices, threads",
        treatment="removed",
    ),
    Influence(
        names=("TORCH_SHOW_*", "TF_CPP_MIN_LOG_LEVEL", "KMP_DUPLICATE_LIB_OK"),
        read_by="PyTorch, TensorFlow, OpenMP",
        changes="which errors are shown, and whether two copies of a library may be loaded",
        treatment="passed",
    ),
    Influence(
        names=("TF_CPP_*", "TORCH_LOGS", "JAX_LOGGING_*", "JAX_DEBUG_LOG_MODULES"),
        read_by="TensorFlow, PyTorch, JAX",
        changes="what is logged at work, which may take longer than the work",
        treatment="kept",
    ),
    Influence(
        names=("CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CPATH", "CPLUS_INCLUDE_PATH"),
        read_by="frameworks that call a compiler of the system, and by this compiler",
        changes="what compiles the kernels that they generate, and how",
        treatment="kept",
    ),
    Influence(
        names=(
            "TF_VAR_*", "TF_CLI_*", "TF_LOG*", "TF_TOKEN_*", "TF_PLUGIN_*", "TF_REGISTRY_*", "TF_DATA_DIR",
            "TF_WORKSPACE", "TF_INPUT", "TF_IN_AUTOMATION", "TF_IGNORE",
        ),
        read_by="Terraform, whose names begin as TensorFlow's do",
        changes="nothing here",
        treatment="passed",
    ),
    Influence(
        names=(
            "CUDA_LAUNCH_BLOCKING", "CUBLAS*", "CUDNN_*", "NVIDIA_TF32_OVERRIDE", "CUDA_MODULE_LOADING",
            "CUDA_DEVICE_MAX_CONNECTIONS", "CUDA_FORCE_*", "CUDA_DISABLE_*", "MIOPEN_*", "ROCBLAS_*",
            "HIPBLASLT_*",
        ),
        read_by="CUDA, cuBLAS, cuDNN, and ROCm's in their place",
        changes="precision, workspace, whether calls wait, what is compiled anew",
        treatment="removed",
    ),
    Influence(
        names=(
            "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_CACHE_*", "CUDA_MPS_*",
            "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "ZE_AFFINITY_MASK",
            "TPU_*", "LIBTPU_*", "PJRT_*",
        ),
        read_by="CUDA, and what other accelerators have in its place",
        changes="which devices there are, how much of them, and what is kept of their programs",
        treatment="kept",
    ),
    Influence(
        names=("MALLOC_*", "TCMALLOC_*", "MIMALLOC_*"),
        read_by="the C library and what replaces its memory",
        changes="how memory is found, checked, filled and given back",
        treatment="removed",
    ),
    Influence(
        names=("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_*", "GLIBC_TUNABLES", "DYLD_*"),
        read_by="the system's loader",
        changes="which libraries are loaded, and which of their variants",
        treatment="kept",
    ),
    Influence(
        names=(
            "PYTHONOPTIMIZE", "PYTHONMALLOC", "PYTHONMALLOCSTATS", "PYTHONDEVMODE", "PYTHONTRACEMALLOC",
            "PYTHONWARNINGS", "PYTHONPROFILEIMPORTTIME", "PYTHONFAULTHANDLER", "PYTHONASYNCIODEBUG",
            "PYTHONINSPECT", "PYTHONVERBOSE", "PYTHONDEBUG", "PYTHONHASHSEED", "PYTHONIOENCODING",
            "PYTHONWARNDEFAULTENCODING", "PYTHONNODEBUGRANGES", "PYTHONSAFEPATH", "PYTHONBREAKPOINT",
            "PYTHONPERFSUPPORT", "PYTHONINTMAXSTRDIGITS", "PYTHON_*",
        ),
        read_by="Python",
        changes="asserts, memory, warnings that become errors, tracing, order of sets, how fast it is",
        treatment="removed",
    ),
    Influence(
        names=("PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONPLATLIBDIR", "PYTHONCASEOK"),
        read_by="Python",
        changes="where packages are found, whose versions are recorded",
        treatment="passed",
    ),
    Influence(
        names=("PYTHONUTF8", "PYTHONUNBUFFERED"),
        read_by="Python",
        changes="how text is read, and when it is written",
        treatment="set",
        value="1",
    ),
    Influence(
        names=("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"),
        read_by="Python",
        changes="how long imports take",
        treatment="kept",
    ),
    Influence(
        names=("TMPDIR", "TMP", "TEMP"),
        read_by="Python, and what frameworks compile with",
        changes="where temporary files lie, and what stays of them",
        treatment="set",
        value=FOLDER,
    ),
    Influence(
        names=("MPLBACKEND", "MATPLOTLIBRC", "PLOTLY_*", "PANDAS_*", "ARROW_*", "SKLEARN_*"),
        read_by="Matplotlib, Plotly, pandas, Arrow, scikit-learn",
        changes="figures, how tables are read, and whether these can be imported",
        treatment="removed",
    ),
)  # fmt: skip
