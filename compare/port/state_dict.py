"""Torch's own file of weights, read without running what may be in it."""

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from adapters.interface import Array


def read(path: Path) -> dict[str, Array]:
    """The tensors of a `state_dict`; nothing else is loaded."""
    found = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(found, Mapping):
        raise ValueError(f"it holds a {type(found).__name__}, not a state_dict")
    return {name: value.numpy() for name, value in found.items() if isinstance(value, torch.Tensor)}


def content(arrays: Mapping[str, Array]) -> bytes:
    """A `state_dict` as torch saves it."""
    stream = io.BytesIO()
    torch.save(
        {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}, stream
    )
    return stream.getvalue()
