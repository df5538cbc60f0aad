"""PyTorch at its fastest on raw tensors: the `torch` adapter."""

from collections.abc import Callable, Mapping
from functools import partial

import torch

from adapters.interface import Array, Declaration, ModelSpec, TrainSpec
from adapters.torch_backend.autograd import AutogradTrainer
from adapters.torch_backend.base import TorchBase, Trainer
from adapters.torch_backend.flat_parameters import FlatParameters
from adapters.torch_backend.layers import fused_lstm
from adapters.torch_backend.manual_elman import ManualElmanTrainer

TRAINERS: dict[tuple[str, str], Callable[[ModelSpec, FlatParameters], Trainer]] = {
    ("elman", "tanh"): ManualElmanTrainer,
    ("elman", "sigmoid"): ManualElmanTrainer,
    ("lstm", "tanh"): partial(AutogradTrainer, layer=fused_lstm),
}
"""By cell and activation."""


class TorchAdapter(TorchBase):
    """The LSTM through `torch.lstm`, the kernel under `torch.nn.LSTM`, and autograd; Elman's cell by hand."""

    declaration = Declaration(
        distribution="torch",
        computes="Elman by hand without autograd; LSTM through `torch.lstm`",
        devices=("cpu", "cuda"),
    )

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        by_hand = TRAINERS[model.cell, model.activation] is ManualElmanTrainer
        with torch.inference_mode(by_hand):  # tensors that autograd keeps no record of are faster
            super().__init__(model, train, parameters, device=device)

    def trainer(self, model: ModelSpec, parameters: FlatParameters) -> Trainer:
        return TRAINERS[model.cell, model.activation](model, parameters)
