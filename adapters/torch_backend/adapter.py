"""PyTorch at its fastest on raw tensors: the `torch` adapter."""

from functools import partial

from torch import Tensor

from adapters.interface import Declaration, ModelSpec, is_reduced
from adapters.torch_backend.autograd import AutogradTrainer
from adapters.torch_backend.base import TorchBase, TrainerType
from adapters.torch_backend.captured import CapturedTrainer
from adapters.torch_backend.fused_layers import FASTEST_LAYERS
from adapters.torch_backend.manual_elman import ManualElmanTrainer
from adapters.torch_backend.reduced import in_dtype


class TorchAdapter(TorchBase):
    """By hand where that is faster, a single Elman layer and GRUs; else what `torch.nn`'s layers call.

    On a GPU it is what `torch.nn`'s layers call wherever they have the cell, each gradient a CUDA graph.
    """

    declaration = Declaration(
        distribution="torch",
        computes="one Elman layer and GRUs by hand, others by `torch.lstm`, `rnn_tanh`; on GPUs CUDA graphs",
        devices=("cpu", "cuda"),
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        dtypes=("float32", "float64", "bfloat16", "float16"),
        kernels={"lstm": "mkldnn_rnn_layer"},
    )

    def trainer(self, model: ModelSpec, lengths: Tensor | None) -> TrainerType:
        device = self._device.type
        dtype = self._train_spec.dtype
        layer = in_dtype(FASTEST_LAYERS[device][model.cell, model.activation, model.reset], dtype)
        if device == "cuda":
            return partial(CapturedTrainer, layer=layer)
        single = model.layers == 1 and not model.bidirectional and lengths is None
        if single and model.cell == "elman" and not is_reduced(dtype):
            return ManualElmanTrainer
        return partial(AutogradTrainer, layer=layer)
