"""PyTorch at its fastest on raw tensors: the way of the `torch` adapter."""

from collections.abc import Mapping

import torch

from adapters.interface import Array, ModelSpec, TrainSpec
from adapters.torch_backend.autograd import AutogradNetwork
from adapters.torch_backend.base import Network, TorchBase
from adapters.torch_backend.layers import fused_lstm
from adapters.torch_backend.manual_elman import ElmanNetwork
from adapters.torch_backend.optimizers import Weights


class TorchAdapter(TorchBase):
    """The LSTM through `torch.lstm`, the kernel under `torch.nn.LSTM`, and autograd; Elman's cell by hand."""

    def __init__(
        self, model: ModelSpec, train: TrainSpec, parameters: Mapping[str, Array], *, device: str = "cpu"
    ) -> None:
        with torch.inference_mode(model.cell == "elman"):
            super().__init__(model, train, parameters, device=device)

    def network(self, model: ModelSpec, weights: Weights) -> Network:
        if model.cell == "lstm":
            return AutogradNetwork(model, weights, fused_lstm)
        return ElmanNetwork(model, weights)
