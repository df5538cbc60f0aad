"""What numbers a network may compute in, and what they are kept in meanwhile."""

from collections.abc import Mapping
from typing import Literal

Dtype = Literal["float32", "float64", "bfloat16", "float16"]
KeptDtype = Literal["float32", "float64"]

KEPT: Mapping[Dtype, KeptDtype] = {
    "float32": "float32",
    "float64": "float64",
    "bfloat16": "float32",
    "float16": "float32",
}
"""By what the recurrent layers compute in: what all else is in, parameters, losses and outputs among it."""

UNITS: Mapping[Dtype, float] = {
    "float32": 2.0**-23,
    "float64": 2.0**-52,
    "bfloat16": 2.0**-7,
    "float16": 2.0**-10,
}
"""The unit in the last place of a number near 1."""

LEAST_CAPABILITY: Mapping[Dtype, tuple[int, int]] = {"bfloat16": (8, 0), "float16": (7, 0)}
"""The compute capability from which on NVIDIA's GPUs multiply such numbers."""

REDUCED: tuple[Dtype, ...] = ("bfloat16", "float16")

ROUNDINGS = 8
"""How many units in the last place may add up, at most, where one moves every parameter.

A step rounds what it reads, its state before, both kernels, a sum, a gate, a product of gates and the state
after: eight times half a unit on the way there, and as many on the way back.
"""


def is_reduced(dtype: Dtype) -> bool:
    """Whether numbers are computed in fewer digits than they are kept in."""
    return dtype in REDUCED
