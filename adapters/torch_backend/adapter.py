"""PyTorch at its fastest on raw tensors: the way of the `torch` adapter."""

from collections.abc import Callable, Mapping
from functools import partial

import torch

from adapters.interface import Array, Declaration, ModelSpec, TrainSpec
from adapters.torch_backend.autograd import AutogradNetwork
from adapters.torch_backend.base import Network, TorchBase
from adapters.torch_backend.layers import fused_lstm
from adapters.torch_backend.manual_elman import ElmanNetwork
from adapters.torch_backend.optimizers import Weights

NETWORKS: dict[tuple[str, str], Callable[[ModelSpec, Weights], Network]] = {
    ("elman", "tanh"): ElmanNetwork,
    ("elman", "sigmoid"): ElmanNetwork,
    ("lstm", "tanh"): partial(AutogradNetwork, layer=fused_lstm),
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
        with torch.inference_mode(model.cell == "elman"):
            super().__init__(model, train, parameters, device=device)

    def network(self, model: ModelSpec, weights: Weights) -> Network:
        return NETWORKS[model.cell, model.activation](model, weights)
