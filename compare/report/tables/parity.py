"""The table of lockstep: the largest differences of every adapter on every task."""

from collections.abc import Mapping, Sequence

import pandas as pd

from compare.records.parity import ParityResult
from compare.report.tables.table import Row, Table, shorten
from compare.text import NOTHING, difference, escape


def parity_table(proofs: Sequence[ParityResult]) -> Table:
    """One row per task and adapter: its largest differences and in which parameter they are."""
    raw = pd.DataFrame(_row(proof) for proof in proofs)
    shown = {
        "Task": [
            "" if repeated else escape(task)
            for task, repeated in zip(raw["task"], raw["task"].duplicated(), strict=True)
        ],
        "Adapter": raw["adapter"].map(escape),
        "Loss, float64": raw["loss"].map(difference),
        "Parameter after": _located(raw, "parameter"),
        "Gradient, finite differences": _located(raw, "slope"),
        "Gradient, reference": _located(raw, "gradient"),
        "Loss, float32": [
            difference(value) if pd.isna(left) else f"{difference(value)}, left at update {left:.0f}"
            for value, left in zip(raw["loss_float32"], raw["left_at"], strict=True)
        ],
        **({"Loss, task's dtype": [_reduced(proof) for proof in proofs]} if _any_reduced(proofs) else {}),
        "Result": [_result(proof) for proof in proofs],
    }
    text_columns = ("Task", "Adapter", "Result")
    return Table(name="lockstep-proof", raw=raw, shown=pd.DataFrame(shown), text_columns=text_columns)


def _row(proof: ParityResult) -> Row:
    loss, _, _, loss_float32 = proof.largest
    return {
        "task": proof.task,
        "dataset": proof.dataset,
        "adapter": proof.adapter,
        "reference": proof.reference,
        "status": proof.status,
        "verdict": proof.verdict,
        "updates": len(proof.losses) or None,
        "loss": loss,
        **_largest("parameter", proof.parameters),
        **_largest("slope", proof.slopes),
        **_largest("gradient", proof.gradients),
        "updates_float32": len(proof.losses_float32) or None,
        "loss_float32": loss_float32,
        "left_at": proof.left_at,
        "dtype": proof.dtype or None,
        "loss_reduced": max(proof.losses_reduced, default=None),
        "band_reduced": max(proof.band_reduced, default=None),
        "reduced_left_at": proof.reduced_left_at,
        "error": proof.error,
    }


def _largest(kind: str, differences: Mapping[str, float]) -> Row:
    name = max(differences, key=differences.__getitem__, default=None)
    return {f"{kind}_difference": None if name is None else differences[name], f"{kind}_name": name}


def _located(raw: pd.DataFrame, kind: str) -> list[str]:
    return [
        NOTHING if pd.isna(value) else f"{difference(value)}<br>{escape(name)}" if value else "0"
        for value, name in zip(raw[f"{kind}_difference"], raw[f"{kind}_name"], strict=True)
    ]


def _any_reduced(proofs: Sequence[ParityResult]) -> bool:
    return any(proof.losses_reduced for proof in proofs)


def _reduced(proof: ParityResult) -> str:
    """How far the losses in fewer digits are from float64, and whether rounding explains it."""
    if not proof.losses_reduced:
        return NOTHING
    text = f"{difference(max(proof.losses_reduced))}, {proof.dtype}"
    return text if proof.reduced_left_at is None else f"{text}, left at update {proof.reduced_left_at}"


def _result(proof: ParityResult) -> str:
    if proof.verdict is None:
        return f"**{proof.status}**: {escape(shorten(proof.error or ''))}"
    words = f"**{proof.verdict}**" if proof.verdict == "DIFFERENT" else proof.verdict
    return f"{words} (the reference)" if proof.adapter == proof.reference else words
