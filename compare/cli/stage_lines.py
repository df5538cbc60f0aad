"""The line that says what came of a stage."""

from collections.abc import Sequence

from compare.records.block import Block
from compare.records.parity import ParityResult
from compare.records.run import Run
from compare.text import difference, number


def block_line(block: Block, runs: Sequence[Run]) -> str:
    """What came out of a block, the fastest first."""
    ordered = sorted(runs, key=lambda run: -(run.sequences_per_second or 0.0))
    told = "; ".join(
        f"{run.adapter} {number(run.sequences_per_second)}"
        if run.status == "ok"
        else f"{run.adapter} {run.status}"
        for run in ordered
    )
    return f"{block.task}, seed {block.seed}, sequences/s: {told}"


def parity_line(task: str, proofs: Sequence[ParityResult]) -> str:
    """What was found, in a line."""
    told = "; ".join(f"{proof.adapter} {said_of(proof)}" for proof in proofs)
    return f"lockstep on {task}: {told}"


def said_of(proof: ParityResult) -> str:
    """What was found of one adapter."""
    if proof.verdict is None:
        return f"{proof.status}: {proof.error}"
    if proof.adapter == proof.reference:
        return f"{proof.verdict} (the reference)"
    return f"{proof.verdict} ({difference(proof.largest[0])})"
