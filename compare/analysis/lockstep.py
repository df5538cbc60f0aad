"""Whether all adapters of a task did the same, in one word, and who did not."""

from dataclasses import dataclass
from typing import Literal

from compare.analysis.adapter_summary import AdapterSummary
from compare.analysis.task_summary import TaskSummary

LockstepState = Literal[
    "different", "left", "not proven", "drifts", "in lockstep", "first epoch", "not confirmed"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockstep:
    """The worst that was found on a task, and the adapters of which it was.

    `different` and `left`: other work than the reference's, by the proof or by the losses of the first epoch;
    `first epoch`: nothing was proven, but those losses agree. `difference` is the largest between two losses,
    relative in float64 where lockstep was proven; None where nothing was compared.
    """

    state: LockstepState
    adapters: tuple[str, ...]
    difference: float | None = None


def lockstep(task: TaskSummary) -> Lockstep:
    """What is worst comes first: an adapter that is DIFFERENT is never hidden by one that is not proven."""
    unproven = [s for s in task.adapters if s.proof and s.proof.verdict is None]
    found: tuple[tuple[LockstepState, tuple[AdapterSummary, ...]], ...] = (
        ("different", task.with_verdict("DIFFERENT")),
        ("left", tuple(s for s in task.with_agreement("left") if not s.different)),
        ("not proven", tuple(s for s in unproven if s.finished)),
        ("drifts", task.with_verdict("drifts within float32 rounding")),
        ("in lockstep", task.with_verdict("in lockstep")),
        ("first epoch", () if task.has_proofs else task.with_agreement("within")),
    )
    for state, summaries in found:
        if summaries:
            return Lockstep(
                state=state,
                adapters=tuple(summary.adapter for summary in summaries),
                difference=_largest_difference(state, summaries),
            )
    return Lockstep(state="not confirmed", adapters=())


def _largest_difference(state: LockstepState, summaries: tuple[AdapterSummary, ...]) -> float | None:
    differences = [
        summary.agreement.largest_absolute
        if state in ("left", "first epoch")
        else summary.proof.largest[0]
        if summary.proof
        else None
        for summary in summaries
    ]
    return max((difference for difference in differences if difference is not None), default=None)
