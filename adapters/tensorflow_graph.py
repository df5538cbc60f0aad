"""TensorFlow without XLA: the same layers and training step, run operation by operation from a graph."""

from collections.abc import Callable

import tensorflow as tf

from adapters.tensorflow_adapter import Tensor, TensorFlowAdapter, trace


class TensorFlowGraphAdapter(TensorFlowAdapter):
    """What `tf.function` does by itself: quicker to start than XLA, and slower in every step."""

    @staticmethod
    def trace_batch(function: Callable[..., Tensor], *signature: tf.TensorSpec) -> Callable[..., Tensor]:
        return trace(function, *signature)
