"""What an optimizer of `torch.optim` does, as a rule."""

from typing import Any

import torch

from compare.port.records.rules import Rule


def rule_of(optimizer: torch.optim.Optimizer, clip: tuple[str, float] | None, schedule: Any) -> Rule | None:
    """The rule of an optimizer that is known, its parameters all in groups of one setting; else None."""
    groups = [{**group, "params": None} for group in optimizer.param_groups]
    reader = _READERS.get(type(optimizer))
    if reader is None or any(group != groups[0] for group in groups) or groups[0].get("maximize"):
        return None
    forms = {None: None, "value": "value", "norm": "norm + 1e-6"}
    return Rule(
        **reader(groups[0]),
        learning_rate=float(groups[0]["lr"] if schedule is None else groups[0].get("initial_lr", 0.0)),
        schedule=None if schedule is None else type(schedule).__name__,
        clip=forms[clip[0] if clip else None],  # type: ignore[arg-type]
        clip_limit=clip[1] if clip else 0.0,
    )


def _decay(group: dict[str, Any], *, coupled: bool) -> dict[str, Any]:
    rate = float(group["weight_decay"])
    return {"weight_decay": rate, "coupled": bool(rate) and coupled}


def _sgd(group: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "sgd",
        **{name: group[name] for name in ("momentum", "dampening", "nesterov")},
        **_decay(group, coupled=True),
    }


def _rmsprop(group: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": "rmsprop",
        "decay": group["alpha"],
        "epsilon": group["eps"],
        "momentum": group["momentum"],
        "centered": group["centered"],
        **_decay(group, coupled=True),
    }


def _adam(group: dict[str, Any]) -> dict[str, Any]:
    beta1, beta2 = group["betas"]
    return {
        "kind": "adam",
        "beta1": float(beta1),
        "beta2": float(beta2),
        "epsilon": group["eps"],
        "amsgrad": group["amsgrad"],
        **_decay(group, coupled=not group.get("decoupled_weight_decay", False)),
    }


def _adamw(group: dict[str, Any]) -> dict[str, Any]:
    return {**_adam(group), "coupled": False}


_READERS = {
    torch.optim.SGD: _sgd,
    torch.optim.RMSprop: _rmsprop,
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adamw,
}
