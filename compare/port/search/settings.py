"""Settings of layers, one table: the mistake that another value is, and what other values are tried."""

from collections.abc import Sequence
from dataclasses import dataclass

from compare.port.search.activations import ACTIVATIONS
from compare.port.search.cells import Cell
from compare.port.search.chain import Group

RECURRENT = ("lstm", "gru", "elman")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A field of a cell, or of a layer without steps, that may be set otherwise.

    `words` has {name} for the layer, {one} and {other} for what it is in A and in B.
    """

    field: str
    slug: str
    kinds: Sequence[str]
    values: Sequence[object]
    words: str
    reverse_only: bool = False

    def others(self, layer: Cell | Group) -> list[object]:
        """The values that are tried in place of a layer's own."""
        if layer.kind not in self.kinds:
            return []
        if self.reverse_only and not getattr(layer, "reverse", False):
            return []
        return [value for value in self.values if value != getattr(layer, self.field)]


IN_CELLS = tuple(each for each in ACTIVATIONS if each not in {"softmax", "log_softmax"})
IN_GATES = ("sigmoid", "hard_sigmoid", "hard sigmoid of Keras 2", "tanh", "relu", "linear")

OF_CELLS = (
    Setting(
        field="activation", slug="activation", kinds=("lstm",), values=IN_CELLS,
        words="{name}: the activation of its candidate is {one} in A, {other} in B",
    ),
    Setting(
        field="activation", slug="activation", kinds=("gru", "elman"), values=IN_CELLS,
        words="{name}: its activation is {one} in A, {other} in B",
    ),
    Setting(
        field="cell_activation", slug="activation", kinds=("lstm",), values=("linear", "relu", "sigmoid"),
        words="{name}: the cell state goes through {one} in A, {other} in B",
    ),
    Setting(
        field="recurrent_activation", slug="activation", kinds=("lstm", "gru"), values=IN_GATES,
        words="{name}: the activation of its gates is {one} in A, {other} in B",
    ),
    Setting(
        field="reset", slug="reset-gate", kinds=("gru",), values=("after", "before"),
        words="{name}: the reset gate is applied {one} the recurrent product in A, {other} it in B",
    ),
    Setting(
        field="exchanged", slug="update-gate", kinds=("gru",), values=(False, True),
        words="{name}: the update gate's z and 1 − z are exchanged in one of the two",
    ),
    Setting(
        field="reverse", slug="direction-order", kinds=RECURRENT, values=(False, True),
        words="{name}: one of the two reads the sequence in the other direction",
    ),
    Setting(
        field="realigned", slug="direction-order", kinds=RECURRENT, values=(True, False), reverse_only=True,
        words="{name}: one of the two does not turn the reverse direction's steps around again",
    ),
)  # fmt: skip

OF_LAYERS = (
    Setting(
        field="activation", slug="activation", kinds=("dense", "norm"), values=tuple(ACTIVATIONS),
        words="{name}: its activation is {one} in A, {other} in B",
    ),
    Setting(
        field="epsilon", slug="epsilon-value", kinds=("norm",),
        values=(1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-12), words="{name}: its epsilon is {one} in A, {other} in B",
    ),
    Setting(
        field="merge", slug="direction-order", kinds=RECURRENT, values=("concat", "sum", "ave", "mul"),
        words="{name}: its two directions are merged by {one} in A, by {other} in B",
    ),
)  # fmt: skip
"""A new mistake of this kind is one entry: it is tried, found and put in words from here."""
