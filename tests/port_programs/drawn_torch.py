"""The architectures that are drawn at random, in PyTorch."""

import torch
from torch import nn

from compare.port import TorchProgram
from tests.port_programs.drawn import draw


class Net(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.spec = spec
        self.words = nn.Embedding(11, spec.inputs) if spec.words else None
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "elman": nn.RNN}[spec.cell]
        self.rnn = kind(
            spec.inputs,
            spec.hidden,
            num_layers=spec.layers,
            bidirectional=spec.bidirectional,
            batch_first=True,
        )
        if spec.cell != "gru":
            for name, parameter in self.rnn.named_parameters():
                if "bias_hh" in name:
                    parameter.requires_grad_(False).zero_()
        width = spec.hidden * (1 + spec.bidirectional)
        self.norm = nn.LayerNorm(width, eps=1e-5) if spec.norm else None
        self.head = nn.Linear(width, spec.outputs)

    def forward(self, x):
        if self.words is not None:
            x = self.words(x)
        states, _ = self.rnn(x)
        if not self.spec.every:
            H = self.spec.hidden
            states = torch.cat((states[:, -1, :H], states[:, 0, H:]), -1)
        if self.norm is not None:
            states = self.norm(states)
        return self.head(states)


def cross_entropy(outputs, targets):
    return nn.functional.cross_entropy(outputs.flatten(0, -2), targets.flatten())


def drawn_program(seed):
    spec = draw(seed)
    model = Net(spec)
    optimizer = torch.optim.SGD(model.parameters(), spec.rate, momentum=spec.momentum, nesterov=spec.nesterov)
    loss = cross_entropy if spec.classes else nn.functional.mse_loss
    return TorchProgram(model, loss, optimizer, clip=("value", spec.clip) if spec.clip else None)
