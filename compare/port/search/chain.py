"""A model as a chain of layers, computed in NumPy, for mistakes to be made in."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from adapters.interface import Array
from compare.port.search.activations import ACTIVATIONS
from compare.port.search.cells import Cell, Parts, at_last, final_of, sequence_of, valid_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A stage of the chain: cells side by side, merged in some way, or a layer without steps."""

    name: str
    kind: str
    cells: tuple[Cell, ...] = ()
    merge: str = "concat"
    parts: Parts = field(default_factory=dict)
    activation: str = "linear"
    epsilon: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Groups one after the other; `read` says which step is read after the last recurrent one.

    `made` are the mistakes in its weights and in the order of its layers, each a slug and a sentence.
    """

    groups: tuple[Group, ...]
    read: str = "states"
    made: frozenset[tuple[str, str]] = frozenset()

    @property
    def recurrent(self) -> bool:
        """Whether it has a recurrent layer."""
        return any(group.cells for group in self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """What the last recurrent layer hands on: its states at every step, and its final ones.

    Shapes: (B, T, H) and (B, H); both the values alone where there is no recurrent layer.
    """

    every: Array
    final: Array


def recurrent_part(chain: Chain) -> tuple[Group, ...]:
    """The groups up to the last recurrent one."""
    places = [place for place, group in enumerate(chain.groups) if group.cells]
    return chain.groups[: places[-1] + 1] if places else ()


def states_of(groups: tuple[Group, ...], inputs: Array, lengths: Array | None) -> States:
    """What comes out of the recurrent part of a chain."""
    states = States(every=inputs, final=inputs)
    for group in groups:
        if group.cells:
            states = _side_by_side(group, states.every, lengths)
        else:
            states = replace(states, every=LAYERS[group.kind](group, states.every))
    return states


def outputs_of(chain: Chain, states: States, lengths: Array | None) -> Array:
    """What the layers after the last recurrent one make of the step that is read."""
    values = READ[chain.read](states, lengths) if chain.recurrent else states.every
    for group in chain.groups[len(recurrent_part(chain)) :]:
        values = LAYERS[group.kind](group, values)
    return values


def _side_by_side(group: Group, values: Array, lengths: Array | None) -> States:
    sequences = [sequence_of(cell, values, lengths) for cell in group.cells]
    final = [final_of(cell, each, lengths) for cell, each in zip(group.cells, sequences, strict=True)]
    merge = MERGE[group.merge]
    return States(every=merge(sequences), final=merge(final))


MERGE: dict[str, Callable[[list[Array]], Array]] = {
    "concat": lambda each: np.concatenate(each, axis=-1),
    "sum": lambda each: np.sum(each, axis=0),
    "ave": lambda each: np.mean(each, axis=0),
    "mul": lambda each: np.prod(each, axis=0),
}


def _mean(states: States, lengths: Array | None) -> Array:
    valid = valid_steps(states.every.shape[:2], lengths)[..., np.newaxis]
    return np.asarray((states.every * valid).sum(axis=1) / np.maximum(valid.sum(axis=1), 1))


READ: dict[str, Callable[[States, "Array | None"], Array]] = {
    "states": lambda states, lengths: states.final,
    "every": lambda states, lengths: states.every,
    "last valid step": lambda states, lengths: at_last(states.every, lengths),
    "last step": lambda states, lengths: states.every[:, -1],
    "first step": lambda states, lengths: states.every[:, 0],
    "second step": lambda states, lengths: states.every[:, 1],
    "last step but one": lambda states, lengths: states.every[:, -2],
    "mean over steps": _mean,
    "mean over all steps, padded ones too": lambda states, lengths: states.every.mean(axis=1),
    "maximum over steps": lambda states, lengths: states.every.max(axis=1),
    "sum over steps": lambda states, lengths: states.every.sum(axis=1),
}
"""What may be handed on by the last recurrent layer."""


def _dense(group: Group, values: Array) -> Array:
    kernel = group.parts["kernel"]
    if values.ndim > 2 and values.shape[-1] != kernel.shape[0]:
        values = values.reshape(len(values), -1)  # what comes before flattened them
    outputs = values @ kernel
    if "bias" in group.parts:
        outputs = outputs + group.parts["bias"]
    return ACTIVATIONS[group.activation](outputs)


def _norm(group: Group, values: Array) -> Array:
    apart = values - values.mean(axis=-1, keepdims=True)
    outputs = apart / np.sqrt((apart**2).mean(axis=-1, keepdims=True) + group.epsilon)
    outputs = outputs * group.parts.get("scale", 1.0)
    return ACTIVATIONS[group.activation](outputs + group.parts.get("offset", 0.0))


LAYERS: dict[str, Callable[[Group, Array], Array]] = {
    "dense": _dense,
    "norm": _norm,
    "embedding": lambda group, values: group.parts["table"][values.astype(int)],
}
