"""Whether TensorFlow has kernels for bfloat16 and float16 where it is to compute."""

from collections.abc import Callable
from functools import cache

import tensorflow as tf
from tensorflow.python.util._pywrap_utils import IsDataTypeSupportedByOneDNNOnThisCPU

from adapters.dtypes import LEAST_CAPABILITY
from adapters.interface import Dtype, UnsupportedSpec, is_reduced
from adapters.xla_programs import multiplies


@cache
def compiled_on_cpu(dtype: Dtype) -> bool:
    """As XLA's own program for a product says."""
    factor = tf.zeros((32, 32), dtype)
    square = tf.function(lambda factor: factor @ factor, jit_compile=True)
    program = square.experimental_get_compiler_ir(factor)(stage="optimized_hlo")
    return multiplies(str(program), dtype)


def in_a_graph_on_cpu(dtype: Dtype) -> bool:
    """As TensorFlow asks before it calls oneDNN, whose kernels these are."""
    return bool(IsDataTypeSupportedByOneDNNOnThisCPU(tf.as_dtype(dtype)))


def on_gpu(dtype: Dtype) -> bool:
    details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
    return bool(details.get("compute_capability", (0, 0)) >= LEAST_CAPABILITY[dtype])


def check_kernels(dtype: Dtype, has_kernel: Callable[[Dtype], bool], otherwise: str) -> None:
    """Raise where there is no kernel, and say what would be done instead.

    Raises: UnsupportedSpec.
    """
    if is_reduced(dtype) and not has_kernel(dtype):
        raise UnsupportedSpec(f"dtype is {dtype!r}: {otherwise}")
