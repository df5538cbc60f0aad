"""PyTorch at its fastest on raw tensors: the `torch` adapter."""

from functools import partial

from torch import Tensor

from adapters.interface import Declaration, ModelSpec
from adapters.torch_backend.autograd import AutogradTrainer
from adapters.torch_backend.base import TorchBase, TrainerType
from adapters.torch_backend.fused_layers import FASTEST_LAYERS
from adapters.torch_backend.manual_elman import ManualElmanTrainer


class TorchAdapter(TorchBase):
    """By hand where that is faster, a single Elman layer and GRUs; else what `torch.nn`'s layers call."""

    declaration = Declaration(
        distribution="torch",
        computes="one Elman layer, and GRUs on CPUs, by hand; others through `torch.lstm`, `gru`, `rnn_tanh`",
        devices=("cpu", "cuda"),
        cells=("elman", "lstm", "gru"),
        resets=("after", "before"),
        optimizers=("sgd", "rmsprop", "adam", "adamw"),
        schedules=("cosine", "exponential"),
        features=("layers", "bidirectional", "lengths", "momentum", "nesterov", "clip_value", "clip_norm"),
        kernels={"lstm": "mkldnn_rnn_layer|_cudnn_rnn"},
    )

    def trainer(self, model: ModelSpec, lengths: Tensor | None) -> TrainerType:
        single = model.layers == 1 and not model.bidirectional and lengths is None
        if single and model.cell == "elman":
            return ManualElmanTrainer
        layers = FASTEST_LAYERS[self._device.type]
        return partial(AutogradTrainer, layer=layers[model.cell, model.activation, model.reset])
