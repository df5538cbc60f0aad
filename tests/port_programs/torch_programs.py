"""Programs in PyTorch: the plain ones, and each of them with one mistake."""

import torch
from torch import nn

from compare.port import TorchProgram

LOGITS = nn.functional.cross_entropy
SQUARES = nn.functional.mse_loss


def one_bias(module):
    """Freeze every second bias at zero."""
    for name, parameter in module.named_parameters():
        if "bias_hh" in name and "gru" not in name.lower():
            parameter.requires_grad_(False).zero_()
    return module


class Net(nn.Module):
    """A recurrent layer and a dense one, with what may be done wrong between them."""

    def __init__(self, cell=nn.LSTM, hidden=5, outputs=4, inputs=3, **options):
        super().__init__()
        self.rnn = cell(inputs, hidden, batch_first=True, **options)
        self.head = nn.Linear(hidden * (2 if options.get("bidirectional") else 1), outputs)

    def forward(self, x):
        return self.head(self.read(self.rnn(x)[0]))

    def read(self, states):
        return states[:, -1]


def trained(module, loss=LOGITS, optimizer=None, **options):
    optimizer = optimizer or (lambda parameters: torch.optim.SGD(parameters, 0.1))
    return TorchProgram(module, loss, optimizer(list(module.parameters())), **options)


def lstm(**options):
    return trained(one_bias(Net()), **options)


def with_optimizer(optimizer, **options):
    return lstm(optimizer=optimizer, **options)


def adam(rate=0.01, **options):
    return with_optimizer(lambda parameters: torch.optim.Adam(parameters, rate, **options))


def two_biases():
    return trained(Net())


def gru():
    return trained(Net(nn.GRU))


def elman():
    return trained(one_bias(Net(nn.RNN)))


class Every(Net):
    def read(self, states):
        return states


def by_step(outputs, targets):
    return nn.functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())


def every():
    return trained(one_bias(Every()), by_step)


def number():
    return trained(one_bias(Net(outputs=1)), SQUARES)


class Cell(nn.Module):
    """An LSTM by hand, its gates in an order of its own."""

    def __init__(self, order=(0, 1, 2, 3), forget=0.0, gate=torch.sigmoid, act=torch.tanh, transposed=False):
        super().__init__()
        self.cell = one_bias(nn.LSTMCell(3, 5))
        self.head = nn.Linear(5, 4)
        self.order, self.forget, self.gate, self.act, self.transposed = order, forget, gate, act, transposed

    def forward(self, x):
        h = c = x.new_zeros(len(x), 5)
        U = self.cell.weight_hh
        if self.transposed:
            U = torch.cat([block.T for block in U.chunk(4)])
        for t in range(x.shape[1]):
            gates = (x[:, t] @ self.cell.weight_ih.T + h @ U.T + self.cell.bias_ih).chunk(4, -1)
            i, f, g, o = (gates[block] for block in self.order)
            c = self.gate(f + self.forget) * c + self.gate(i) * self.act(g)
            h = self.gate(o) * self.act(c)
        return self.head(h)


class Gates(nn.Module):
    """An LSTM by hand, its gates made by two dense layers."""

    def __init__(self, order=(0, 1, 2, 3), forget=0.0):
        super().__init__()
        self.from_inputs, self.from_state = nn.Linear(3, 20), nn.Linear(5, 20, bias=False)
        self.head = nn.Linear(5, 4)
        self.order, self.forget = order, forget

    def forward(self, x):
        h = c = x.new_zeros(len(x), 5)
        for t in range(x.shape[1]):
            gates = (self.from_inputs(x[:, t]) + self.from_state(h)).chunk(4, -1)
            i, f, g, o = (gates[block] for block in self.order)
            c = torch.sigmoid(f + self.forget) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.head(h)


class Arrays(Gates):
    """The same, of plain parameters."""

    def __init__(self, **options):
        super().__init__(**options)
        self.W, self.U = nn.Parameter(0.4 * torch.randn(3, 20)), nn.Parameter(0.4 * torch.randn(5, 20))
        self.b = nn.Parameter(0.1 * torch.randn(20))
        del self.from_inputs, self.from_state

    def from_inputs(self, x):
        return x @ self.W + self.b

    def from_state(self, h):
        return h @ self.U


def gates_by_hand():
    return trained(Gates())


def arrays_by_hand():
    return trained(Arrays())


def gates_by_hand_in_another_order():
    return trained(Gates(order=(0, 1, 3, 2)))


def arrays_by_hand_in_another_order():
    return trained(Arrays(order=(1, 0, 2, 3)))


class GatesApart(nn.Module):
    """An LSTM by hand with arrays of their own for every gate."""

    def __init__(self, forget=0.0):
        super().__init__()
        for gate in "ifco":
            self.register_parameter(f"W_x{gate}", nn.Parameter(0.4 * torch.randn(3, 5)))
            self.register_parameter(f"W_h{gate}", nn.Parameter(0.4 * torch.randn(5, 5)))
            self.register_parameter(f"b_{gate}", nn.Parameter(0.1 * torch.randn(5)))
        self.head, self.forget = nn.Linear(5, 4), forget

    def gate(self, gate, x, h):
        W, U, b = (getattr(self, f"{name}{gate}") for name in ("W_x", "W_h", "b_"))
        return x @ W + h @ U + b

    def forward(self, x):
        h = c = x.new_zeros(len(x), 5)
        for t in range(x.shape[1]):
            i, f, g, o = (self.gate(gate, x[:, t], h) for gate in "ifco")
            c = torch.sigmoid(f + self.forget) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.head(h)


def gates_apart():
    return trained(GatesApart())


def gates_apart_with_a_forget_bias():
    return trained(GatesApart(forget=1.0))


class Turned(nn.Module):
    """An Elman network by hand whose kernels are (out, in), as torch has them."""

    def __init__(self, recurrent=torch.t):
        super().__init__()
        shapes = {"w_ih": (5, 3), "w_hh": (5, 5), "bias": (5,), "w_out": (4, 5), "bias_out": (4,)}
        for name, shape in shapes.items():
            self.register_parameter(name, nn.Parameter(0.4 * torch.randn(shape)))
        self.recurrent = recurrent

    def forward(self, x):
        h = x.new_zeros(len(x), 5)
        for t in range(x.shape[1]):
            h = torch.tanh(x[:, t] @ self.w_ih.T + h @ self.recurrent(self.w_hh) + self.bias)
        return h @ self.w_out.T + self.bias_out


def turned_arrays():
    return trained(Turned())


def turned_arrays_but_one():
    return trained(Turned(recurrent=lambda kernel: kernel))


def two_mistakes():
    return trained(Gates(order=(0, 1, 3, 2), forget=1.0))


class Hidden(Net):
    """A dense layer and an activation between the states and the head."""

    def __init__(self, activation=torch.relu):
        super().__init__()
        self.hidden, self.head, self.activation = nn.Linear(5, 6), nn.Linear(6, 4), activation

    def read(self, states):
        return self.activation(self.hidden(states[:, -1]))


def hidden():
    return trained(one_bias(Hidden()))


def hidden_tanh():
    return trained(one_bias(Hidden(torch.tanh)))


def norm_and_activation():
    """A LayerNorm after whose activation a chain of known layers does not go on."""

    class Activated(Net):
        def read(self, states):
            return torch.relu(self.norm(states[:, -1]))

    module = Activated()
    module.norm = nn.LayerNorm(5, eps=1e-5)
    return trained(one_bias(module))


class TwoHidden(Net):
    """Two dense layers of one shape between the states and the head, each with an activation after it."""

    def __init__(self, order=("one", "two")):
        super().__init__()
        self.one, self.two, self.order = nn.Linear(5, 5), nn.Linear(5, 5), order

    def read(self, states):
        read = states[:, -1]
        for name in self.order:
            read = torch.tanh(getattr(self, name)(read))
        return read


def two_hidden():
    return trained(one_bias(TwoHidden()))


def two_hidden_exchanged():
    return trained(one_bias(TwoHidden(order=("two", "one"))))


def flat_outputs():
    class Flat(Net):
        def forward(self, x):
            return super().forward(x).squeeze(-1)

    return trained(one_bias(Flat(outputs=1)), lambda o, t: SQUARES(o, t.squeeze(-1)))


def odd():
    class Odd(Net):
        def read(self, states):
            return torch.sin(3 * states[:, -1] + states[:, 2])

    return trained(one_bias(Odd()))


def functional_dropout():
    class Dropping(Net):
        def read(self, states):
            return nn.functional.dropout(states[:, -1], 0.3, self.training)

    return trained(one_bias(Dropping()))


def decay_of_kernels_only():
    module = one_bias(Net())
    kernels = [each for each in module.parameters() if each.dim() > 1]
    biases = [each for each in module.parameters() if each.dim() == 1]
    groups = [{"params": kernels, "weight_decay": 0.01}, {"params": biases, "weight_decay": 0.0}]
    return TorchProgram(module, LOGITS, torch.optim.AdamW(groups, 0.01))


def cell_by_hand():
    return trained(Cell())


def gate_order():
    return trained(Cell(order=(0, 1, 3, 2)))


def transposed_kernel():
    return trained(Cell(transposed=True))


def forget_bias():
    return trained(Cell(forget=1.0))


def hard_sigmoid():
    return trained(Cell(gate=nn.functional.hardsigmoid))


def relu():
    return trained(Cell(act=torch.relu))


def missing_bias():
    net = Net()
    net.head = nn.Linear(5, 4, bias=False)
    return trained(one_bias(net))


class FirstStep(Net):
    def read(self, states):
        return states[:, 0]


def readout_step():
    return trained(one_bias(FirstStep()))


def batch_axis():
    net = one_bias(Net())
    net.rnn.batch_first = False
    return trained(net)


def bidirectional():
    return trained(one_bias(States(bidirectional=True)))


class States(Net):
    def forward(self, x, lengths=None):
        if lengths is not None:
            x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        _, (h, _) = self.rnn(x)
        return self.head(torch.cat(tuple(h[-2:]) if self.rnn.bidirectional else (h[-1],), -1))


class Swapped(States):
    def forward(self, x, lengths=None):
        _, (h, _) = self.rnn(x)
        return self.head(torch.cat((h[-1], h[-2]), -1))


def direction_order():
    return trained(one_bias(Swapped(bidirectional=True)))


def padded():
    return trained(one_bias(States()))


def padding():
    class Ignoring(States):
        def forward(self, x):
            return super().forward(x)

    return trained(one_bias(Ignoring()))


class EveryPadded(Net):
    """What is handed on beyond a sequence's length: zeros, as here, or the state as it is computed."""

    def __init__(self, masked=True):
        super().__init__()
        self.masked = masked

    def forward(self, x, lengths):
        self.valid = torch.arange(x.shape[1]) < lengths[:, None]
        states = self.rnn(x)[0]
        return self.head(torch.where(self.valid[..., None], states, 0) if self.masked else states)

    def loss(self, outputs, targets):
        each = nn.functional.cross_entropy(outputs.transpose(1, 2), targets, reduction="none")
        return each[self.valid].mean()

    def loss_of_all(self, outputs, targets):
        return nn.functional.cross_entropy(outputs.transpose(1, 2), targets)


def padded_every():
    module = one_bias(EveryPadded())
    return trained(module, module.loss)


def padded_every_unmasked():
    module = one_bias(EveryPadded(masked=False))
    return trained(module, module.loss)


def padded_every_all_counted():
    module = one_bias(EveryPadded())
    return trained(module, module.loss_of_all)


def padded_every_unmasked_all_counted():
    module = one_bias(EveryPadded(masked=False))
    return trained(module, module.loss_of_all)


def padded_bidirectional():
    return trained(one_bias(States(bidirectional=True)))


def direction_padding():
    class Half(States):
        """The reverse direction begins at the padding."""

        def forward(self, x, lengths=None):
            forward = self.rnn(x)[0][torch.arange(len(x)), lengths - 1, :5]
            return self.head(torch.cat((forward, self.rnn(x)[0][:, 0, 5:]), -1))

    return trained(one_bias(Half(bidirectional=True)))


class Stack(nn.Module):
    def __init__(self, order=(0, 1, 2)):
        super().__init__()
        self.layers = nn.ModuleList([nn.LSTM(5, 5, batch_first=True) for _ in range(3)])
        self.head, self.order = nn.Linear(5, 4), order

    def forward(self, x):
        for place in self.order:
            x = self.layers[place](x)[0]
        return self.head(x[:, -1])


def stack():
    return trained(one_bias(Stack()))


def layer_order():
    return trained(one_bias(Stack((0, 2, 1))))


def loss_reduction():
    return lstm(loss=lambda o, t: LOGITS(o, t, reduction="sum"))


def loss_over_time():
    return trained(one_bias(Every()), lambda o, t: by_step(o, t) * o.shape[1])


def loss_broadcast():
    return trained(one_bias(Net(outputs=1)), lambda o, t: ((o - t.squeeze(-1)) ** 2).mean())


def softmax_twice():
    class Probabilities(Net):
        def forward(self, x):
            return super().forward(x).softmax(-1)

    return trained(one_bias(Probabilities()))


def softmax_in_the_loss():
    return lstm(loss=lambda o, t: LOGITS(o.softmax(-1), t))


def label_smoothing():
    return lstm(loss=lambda o, t: LOGITS(o, t, label_smoothing=0.1))


def epsilon_value():
    return adam(eps=1e-5)


def betas():
    return adam(betas=(0.9, 0.99))


def learning_rate():
    return with_optimizer(lambda parameters: torch.optim.SGD(parameters, 0.05))


def weight_decay():
    return adam(weight_decay=0.01)


def adamw():
    return with_optimizer(lambda parameters: torch.optim.AdamW(parameters, 0.01, weight_decay=0.01))


def decayed():
    return with_optimizer(lambda parameters: torch.optim.SGD(parameters, 0.1, weight_decay=0.05))


def momentum():
    return with_optimizer(lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9))


def nesterov():
    return with_optimizer(lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9, nesterov=True))


def dampening():
    return with_optimizer(lambda parameters: torch.optim.SGD(parameters, 0.1, momentum=0.9, dampening=0.5))


def rmsprop():
    return with_optimizer(lambda parameters: torch.optim.RMSprop(parameters, 0.01, alpha=0.9, eps=1e-7))


def clip_value():
    return lstm(clip=("value", 0.01))


def clip_norm():
    return lstm(clip=("norm", 0.05))


def _scheduled(kind, **options):
    module = one_bias(Net())
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    return TorchProgram(module, LOGITS, optimizer, schedule=kind(optimizer, **options))


def schedule():
    return _scheduled(torch.optim.lr_scheduler.ExponentialLR, gamma=0.95)


def schedule_off_by_one():
    return _scheduled(torch.optim.lr_scheduler.LambdaLR, lr_lambda=lambda n: 0.95 ** (n + 1))


def schedule_by_epoch():
    return _scheduled(torch.optim.lr_scheduler.LambdaLR, lr_lambda=lambda n: 0.95 ** (n // 3 * 3))


def dropout():
    net = Net()
    net.head = nn.Sequential(nn.Dropout(0.2), net.head)
    return trained(one_bias(net))


def frozen_parameter():
    net = one_bias(Net())
    net.head.bias.requires_grad_(False)
    return trained(net)


def detached():
    class Detached(Net):
        def forward(self, x):
            return nn.functional.linear(self.rnn(x)[0][:, -1], self.head.weight, self.head.bias.detach())

    return trained(one_bias(Detached()))


def dtype():
    class Single(Net):
        def read(self, states):
            return states[:, -1].float().to(states.dtype)

    return trained(one_bias(Single()))


def state_carried():
    class Carrying(Net):
        state = None

        def forward(self, x):
            states, after = self.rnn(x, self.state)
            self.state = tuple(each.detach() for each in after)
            return self.head(states[:, -1])

    return trained(one_bias(Carrying()))


def data_order():
    class Reversed(Net):
        def forward(self, x):
            return super().forward(x.flip(0))

    return trained(one_bias(Reversed()))


class Words(nn.Module):
    def __init__(self, padding_idx=None):
        super().__init__()
        self.words = nn.Embedding(9, 3, padding_idx=padding_idx)
        self.rnn = nn.LSTM(3, 5, batch_first=True)
        self.norm = nn.LayerNorm(5, eps=1e-3)
        self.head = nn.Linear(5, 4)

    def forward(self, tokens):
        return self.head(self.norm(self.rnn(self.words(tokens))[0][:, -1]))


def words():
    return trained(one_bias(Words()))


def clipped_words():
    return trained(one_bias(Words()), clip=("value", 0.01))


def norm_epsilon():
    net = Words()
    net.norm.eps = 1e-5
    return trained(one_bias(net))


def padding_row():
    return trained(one_bias(Words(padding_idx=0)))


def tuple_outputs():
    class Both(Net):
        def forward(self, x):
            states, after = self.rnn(x)
            return self.head(states[:, -1]), after

    return trained(one_bias(Both()))


class Noise(Net):
    def read(self, states):
        return states[:, -1] + torch.randn_like(states[:, -1])


def noise():
    return trained(one_bias(Noise()))
