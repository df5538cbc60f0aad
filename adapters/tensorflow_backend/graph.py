"""TensorFlow without XLA: the same layers and training step, run operation by operation from a graph."""

from collections.abc import Callable

import tensorflow as tf

from adapters.interface import Declaration
from adapters.tensorflow_backend.adapter import TensorFlowAdapter
from adapters.tensorflow_backend.network import Tensor


class TensorFlowGraphAdapter(TensorFlowAdapter):
    """What `tf.function` does by itself: it starts sooner than XLA, and each step is slower."""

    declaration = Declaration(
        distribution="tensorflow",
        computes="Keras' `SimpleRNN` and `LSTM` in a `tf.function` graph, without XLA",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
    )

    @staticmethod
    def trace_batch(function: Callable[..., Tensor], *signature: tf.TensorSpec) -> Callable[..., Tensor]:
        return function
