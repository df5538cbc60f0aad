"""TensorFlow without XLA: the same layers and training step, run operation by operation from a graph."""

from collections.abc import Callable

import tensorflow as tf

from adapters.tensorflow_backend.adapter import TensorFlowAdapter
from adapters.tensorflow_backend.network import Tensor


class TensorFlowGraphAdapter(TensorFlowAdapter):
    """What `tf.function` does by itself: it starts sooner than XLA, and each step is slower."""

    @staticmethod
    def trace_batch(function: Callable[..., Tensor], *signature: tf.TensorSpec) -> Callable[..., Tensor]:
        return function
