"""The causes of everything that differs, in the order of the stages."""

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from compare.port import experiments
from compare.port.loss_causes import causes_at_loss
from compare.port.output_causes import causes_at_outputs
from compare.port.records.causes import cause, with_mending
from compare.port.records.differences import BANDS
from compare.port.records.result import UNKNOWN, Cause
from compare.port.update_causes import causes_at_update

if TYPE_CHECKING:
    from compare.port.observation import Observed


def causes_of(observed: "Observed") -> tuple[Cause, ...]:
    """The mistakes that reproduce what came, each named once; `unknown` where a stage has none."""
    found = [each.cause for each in observed.setup if each.cause is not None]
    stages = {each.stage for each in observed.found}
    if "outputs" in stages:
        outputs = _outputs(observed)
        found += [_unknown("the outputs differ")] if outputs is None else outputs
    if "loss" in stages:
        losses = causes_at_loss(observed)
        found += losses or []
        if losses is None and "outputs" not in stages:
            found.append(_unknown("the losses differ"))
    if "gradient" in stages and "outputs" not in stages:
        gradient = experiments.causes_at_gradient(observed)
        found += gradient
        if not gradient and "loss" not in stages:
            found.append(_unknown("the gradients differ"))
    if stages & {"update", "curve", "setup"}:
        found += _updates(observed, bool(found))
    if not found:
        found.append(_unknown("they differ"))
    once = tuple({each.slug: each for each in reversed(found)}.values())[::-1]
    first, second = observed.opened.sides
    return with_mending(once, (first.framework, second.framework))


def _outputs(observed: "Observed") -> list[Cause] | None:
    if observed.carried[0] != observed.carried[1]:
        side = "A" if observed.carried[0] else "B"
        return [
            cause(
                "state-carried", f"{side} keeps a state: its second pass over a batch differs from its first"
            )
        ]
    for search in (
        partial(causes_at_outputs, most=1),
        experiments.causes_by_experiment,
        partial(causes_at_outputs, most=2),
    ):
        causes = search(observed)
        if causes is not None:
            return causes
    return None


def _updates(observed: "Observed", other_causes: bool) -> list[Cause]:
    """Those of the rule; unknown only where nothing before the update differs."""
    causes = causes_at_update(observed, len(observed.curve.first))
    if causes:
        return causes
    before = observed.outputs, [observed.loss], observed.gradient
    band = BANDS[observed.opened.dtype]
    same = all(np.isfinite(row.difference) and row.difference <= band for rows in before for row in rows)
    return [] if not same or other_causes else [_unknown("the updates differ")]


def _unknown(what: str) -> Cause:
    return cause(UNKNOWN, f"{what}, and no mistake that is known reproduces it")
