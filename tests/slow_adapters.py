"""Adapters that take a slow path and say nothing of it, of which only their declaration speaks."""

from functools import partial

from adapters.interface import Declaration
from adapters.torch_backend.autograd import AutogradTrainer
from adapters.torch_backend.base import TorchBase
from adapters.torch_backend.fused_layers import fused_lstm
from adapters.torch_backend.layers import LAYERS


class FallsBack(TorchBase):
    """Calls what is fused without a state, and runs a loop over steps behind a bare except."""

    declaration = Declaration(distribution="torch", kernels={"lstm": "mkldnn_rnn_layer"})

    def trainer(self, model, lengths):
        loop = LAYERS[model.cell, model.activation, model.reset]

        def layer(model, parameters, inputs, state):
            try:
                return fused_lstm(model, parameters, inputs)
            except:  # noqa: E722
                return loop(model, parameters, inputs, state)

        return partial(AutogradTrainer, layer=layer)
