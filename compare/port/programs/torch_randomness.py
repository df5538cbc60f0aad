"""Dropout in PyTorch, switched off: in modules, and in functions of `torch.nn.functional`."""

from typing import Any

import torch
from torch import nn

DROPOUT = nn.modules.dropout._DropoutNd
ARGUMENTS = ("input", "p", "training", "inplace")
FUNCTIONS = ("dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")


def without_dropout(module: nn.Module) -> list[tuple[str, float]]:
    """Switch off all dropout; return where it was, and its rate."""
    rates = []
    for name, each in module.named_modules():
        if isinstance(each, DROPOUT) and each.p:
            rates.append((name, float(each.p)))
            each.p = 0.0
        if isinstance(each, nn.RNNBase) and each.dropout:
            rates += [(name, float(each.dropout))] * (each.num_layers - 1)
            each.dropout = 0.0
    return [(name, rate) for name, rate in rates if module.training]


def without_functional_dropout(rates: list[tuple[str, float]]) -> None:
    """Have the functions hand on what they are given, and keep each rate that one is called with."""
    for name in FUNCTIONS:
        setattr(nn.functional, name, _HandingOn(name, rates))


class _HandingOn:
    def __init__(self, name: str, rates: list[tuple[str, float]]) -> None:
        self.place, self.rates = f"{name}()", rates

    def __call__(self, *arguments: Any, **options: Any) -> torch.Tensor:
        given = dict(zip(ARGUMENTS, arguments, strict=False)) | options
        rate = float(given.get("p", 0.5))
        if given.get("training", True) and rate and (self.place, rate) not in self.rates:
            self.rates.append((self.place, rate))
        values: torch.Tensor = given["input"]
        return values
