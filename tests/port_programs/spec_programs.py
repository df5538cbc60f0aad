"""Lockstep's own specifications, to hold programs against."""

from adapters.interface import Adam, ModelSpec, Sgd, TrainSpec
from compare.port import NumpyProgram, SpecProgram


def spec(cell="lstm", optimizer=None, **options):
    model = ModelSpec(cell=cell, inputs=3, hidden=5, outputs=4, loss="softmax_cross_entropy", **options)
    return SpecProgram(model, TrainSpec(optimizer=optimizer or Sgd(learning_rate=0.1)))


def lstm():
    return spec()


def adam():
    return spec(optimizer=Adam(learning_rate=0.01))


def bidirectional():
    return spec(bidirectional=True)


def gru():
    return spec("gru")


def reset_gate():
    return spec("gru", reset="before")


def every():
    return spec(readout="every")


def stack():
    return spec(layers=2)


class ByHand:
    """The specification's program behind NumpyProgram's methods."""

    def __init__(self):
        self.inner = spec()
        self.inner.prepare("float64")

    def parameters(self):
        return {
            name.replace("readout.", "readout_").replace("cell.", ""): v
            for name, v in self.inner.parameters().items()
        }

    def set_parameters(self, values):
        named = {
            f"readout.{n[8:]}" if n.startswith("readout_") else f"cell.{n}": v for n, v in values.items()
        }
        self.inner.set_parameters(named)

    def outputs(self, inputs):
        return self.inner.trace(inputs, None).outputs

    def loss(self, outputs, targets):
        return self.inner.loss_of(outputs, targets)

    def gradients(self, inputs, targets):
        from compare.port.records.interface import Batch  # noqa: PLC0415

        found = self.inner.differentiate(Batch(inputs=inputs, targets=targets))[1]
        return {name.replace("readout.", "readout_").replace("cell.", ""): v for name, v in found.items()}

    def step(self, inputs, targets):
        from compare.port.records.interface import Batch  # noqa: PLC0415

        return self.inner.step(Batch(inputs=inputs, targets=targets))


def by_hand():
    return NumpyProgram(ByHand())
