"""Two layers of one kind, their parameters brought into the form that both have."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from adapters.interface import Array
from compare.port.records.interface import Layer

PARTS = (
    "table", "input_kernel", "recurrent_kernel", "kernel", "scale", "offset",
    "bias", "recurrent_bias", "candidate_bias", "array",
)  # fmt: skip
"""Every part there is, in the order in which they are shown."""

CORE = ("input_kernel", "recurrent_kernel", "kernel", "table", "scale", "array")
"""The parts whose shapes tell layers of one kind apart; biases may be missing."""

BIASES = ("bias", "recurrent_bias", "candidate_bias", "offset")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a part lies among the parameters of a program, rows and columns exchanged or not."""

    key: str
    transposed: bool = False

    def take(self, values: Mapping[str, Array]) -> Array:
        """The part's values."""
        value = values[self.key]
        return value.T if self.transposed else value


Places = Mapping[str, Place]


def places_of(layer: Layer) -> dict[str, Place]:
    """The places of a layer whose parts are its own."""
    return {part: Place(key=layer.key(part)) for part in layer.parts}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A layer of the first program and its counterpart, with where the parts of each lie.

    `name` is what both are called: the first one's name.
    """

    first: Layer
    second: Layer
    first_places: Places
    second_places: Places

    @property
    def name(self) -> str:
        return self.first.name

    @property
    def kind(self) -> str:
        """What both are; an array may be part of any layer."""
        return self.second.kind if self.first.kind == "array" else self.first.kind

    @property
    def shared(self) -> tuple[str, ...]:
        """The parts that both have, once biases that one has and the other has not are folded in."""
        return tuple(part for part in PARTS if part in self.first_places and part in self.second_places)

    @property
    def only_first(self) -> tuple[str, ...]:
        return tuple(part for part in PARTS if part in self.first_places and part not in self.second_places)

    @property
    def only_second(self) -> tuple[str, ...]:
        return tuple(part for part in PARTS if part in self.second_places and part not in self.first_places)

    def handed_over(self, values: Mapping[str, Array], own: Mapping[str, Array]) -> dict[str, Array]:
        """The second one's parameters with the first one's values; `own` are those that it has."""
        given = folded(
            {part: place.take(values) for part, place in self.first_places.items()}, self.only_first
        )
        found = {}
        for part, place in self.second_places.items():
            shape = place.take(own).shape
            value = given.get(part)
            value = np.zeros(shape) if value is None else value
            found[place.key] = np.ascontiguousarray(value.T if place.transposed else value)
        return found

    def common(self, first: bool, values: Mapping[str, Array]) -> dict[str, Array]:
        """One side's parameters in the form that both have, under the first one's names."""
        places, without = (
            (self.first_places, self.only_first) if first else (self.second_places, self.only_second)
        )
        found = folded({part: place.take(values) for part, place in places.items()}, without)
        return {f"{self.name}.{part}": found[part] for part in self.shared}

    def common_gradient(self, first: bool, gradient: Mapping[str, Array]) -> dict[str, Array]:
        """One side's gradient by what both have and not both leave as it is.

        That by a bias is that by the sum it is part of.
        """
        places = self.first_places if first else self.second_places
        still = set(self.first.frozen) & set(self.second.frozen)
        return {
            f"{self.name}.{part}": places[part].take(gradient) for part in self.shared if part not in still
        }


def folded(parts: Mapping[str, Array], without: tuple[str, ...]) -> dict[str, Array]:
    """Parts with those biases added to the first one that have no counterpart; a kernel is left out."""
    found = dict(parts)
    for part in without:
        extra = found.pop(part)
        if part == "recurrent_bias" and "bias" in found:
            bias = found["bias"].copy()
            bias[: len(extra)] += extra
            found["bias"] = bias
        elif part == "candidate_bias" and "bias" in found:
            bias = found["bias"].copy()
            bias[-len(extra) :] += extra
            found["bias"] = bias
    return found
