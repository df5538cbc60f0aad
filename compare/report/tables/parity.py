"""The proof of lockstep as a table and as figures."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from compare.records.parity import Proof
from compare.report.figures.style import Style, legend_below, plain
from compare.report.tables.table import Row, Table, shorten
from compare.text import NOTHING, difference, escape
from compare.tolerances import FLOAT32_BAND, FLOAT64_BAND

LOWEST = 1e-17
"""Where no difference at all is drawn: a logarithmic scale has no zero."""


def lockstep_proof_table(proofs: Sequence[Proof]) -> Table:
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
        "Verdict": [_verdict(proof) for proof in proofs],
    }
    words = ("Task", "Adapter", "Verdict")
    return Table(name="lockstep-proof", raw=raw, shown=pd.DataFrame(shown), words=words)


def proof_figure(task: str, proofs: Sequence[Proof], looks: Mapping[str, Style]) -> Figure | None:
    """How far the loss curves are from the reference's, in both precisions; None where none was compared."""
    drawn = [proof for proof in proofs if proof.losses]
    if not drawn:
        return None
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    words = f"{task}: difference of the losses from those of {drawn[0].reference}"
    figure.suptitle(f"{plain(words)}\ndata: {plain(drawn[0].dataset)}", fontsize=11)
    float64, float32 = figure.subplots(1, 2)
    for proof in drawn:
        _draw(float64, proof.losses, proof.adapter, looks[proof.adapter])
        _draw(float32, proof.losses_float32, proof.adapter, looks[proof.adapter])
    _finish(float64, "float64, relative", FLOAT64_BAND)
    _finish(float32, "float32, in multiples of max(1, loss)", FLOAT32_BAND)
    legend_below(figure, float64.get_lines()[1 : 2 * len(drawn) : 2])
    return figure


def _draw(axes: Axes, differences: Sequence[float], adapter: str, look: Style) -> None:
    """A point for each update, and a line for the largest difference up to there."""
    updates = np.arange(1, len(differences) + 1)
    shown = np.maximum(differences, LOWEST)
    axes.semilogy(
        updates, shown, color=look.colour, marker=look.marker, markersize=2.5, linestyle="none", alpha=0.4
    )
    axes.semilogy(
        updates,
        np.maximum.accumulate(shown),
        color=look.colour,
        linestyle=look.line,
        linewidth=look.width,
        marker=look.marker,
        markersize=6,
        markevery=(look.place * 7, max(1, len(differences) // 8)),
        label=plain(adapter),
    )


def _finish(axes: Axes, heading: str, band: float) -> None:
    axes.axhline(band, color="#D55E00", linewidth=1.2)
    axes.annotate(
        f"band {band:g}",
        (1, band),
        (-2, 3),
        ("axes fraction", "data"),
        "offset points",
        ha="right",
        color="#D55E00",
    )
    axes.set_ylim(bottom=LOWEST, top=max(10 * band, axes.get_ylim()[1]))
    axes.set_title(heading, fontsize=10)
    axes.set_xlabel("updates")
    axes.set_ylabel("difference in the loss")
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)


def _row(proof: Proof) -> Row:
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


def _verdict(proof: Proof) -> str:
    if proof.verdict is None:
        return f"**{proof.status}**: {escape(shorten(proof.error or ''))}"
    words = f"**{proof.verdict}**" if proof.verdict == "DIFFERENT" else proof.verdict
    return f"{words} (the reference)" if proof.adapter == proof.reference else words
