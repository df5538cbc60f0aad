"""PyTorch at its fastest on raw tensors: the `torch` adapter."""

from functools import partial

from torch import Tensor

from adapters.interface import Declaration, ModelSpec
from adapters.torch_backend.autograd import AutogradTrainer
from adapters.torch_backend.base import TorchBase, TrainerType
from adapters.torch_backend.captured import CapturedTrainer
from adapters.torch_backend.fused_layers import FASTEST_LAYERS
from adapters.torch_backend.manual_elman import ManualElmanTrainer


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
        kernels={"lstm": "mkldnn_rnn_layer"},
    )

    def trainer(self, model: ModelSpec, lengths: Tensor | None) -> TrainerType:
        device = self._device.type
        layer = FASTEST_LAYERS[device][model.cell, model.activation, model.reset]
        if device == "cuda":
            return partial(CapturedTrainer, layer=layer)
        single = model.layers == 1 and not model.bidirectional and lengths is None
        if single and model.cell == "elman":
            return ManualElmanTrainer
        return partial(AutogradTrainer, layer=layer)
