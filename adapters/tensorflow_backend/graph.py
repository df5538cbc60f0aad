"""TensorFlow without XLA: the same training step as a graph, whose operations run one by one."""

from collections.abc import Callable

import tensorflow as tf

from adapters.interface import Alone, Array, Declaration, Dtype, KernelRun, Work
from adapters.tensorflow_backend.adapter import TensorFlowAdapter
from adapters.tensorflow_backend.alone import alone
from adapters.tensorflow_backend.reduced import in_a_graph_on_cpu
from adapters.tensorflow_backend.trainer import Tensor


class TensorFlowGraphAdapter(TensorFlowAdapter):
    """The same without XLA, as `tf.function` does by itself: it starts sooner, and each step is slower."""

    declaration = Declaration(
        distribution="tensorflow",
        computes="Keras' `SimpleRNN`, `LSTM` and `GRU` in a `tf.function` graph, without XLA",
        variables={
            "TF_NUM_INTRAOP_THREADS": "{threads}",
            "TF_NUM_INTEROP_THREADS": "{threads}",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        },
        devices=("cpu", "cuda"),
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        dtypes=("float32", "float64", "bfloat16", "float16"),
    )
    without_kernel = "oneDNN, from which TensorFlow has its kernels for it, has none for this device"

    @staticmethod
    def has_cpu_kernel(dtype: Dtype) -> bool:
        return in_a_graph_on_cpu(dtype)

    def batch_program(self, *batch: tf.TensorSpec) -> Callable[..., Tensor]:
        return self._train_batch

    def executor_for(self, size: int) -> str:
        return "DEFAULT"

    def shares(self, batch: int) -> int:
        return 1

    def kernels(self, batches: Array) -> tuple[KernelRun, ...]:
        self.train(batches)
        return ()  # its library tells of itself

    @classmethod
    def alone(cls, work: Work) -> Alone:
        return alone(work, compiled=False)
